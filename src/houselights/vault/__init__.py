"""One door to secrets: sealing and opening."""
