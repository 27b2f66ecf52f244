"""What a platform is: the protocol that its folder implements, its manifest's schema, and invented creators. Pure."""
