"""One door to the network: HTTP out, with deadlines, caps and refused addresses."""
