"""The door to the network, on loopback sockets. A package, so that its files share their listeners."""
