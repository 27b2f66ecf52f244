"""What a platform is: the protocol its folder fulfils, its manifest's schema, and invented creators. Pure."""
