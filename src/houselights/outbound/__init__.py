"""The only door to the network: outgoing HTTP, with deadlines, caps and refused addresses."""
