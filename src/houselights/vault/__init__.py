"""The only door to secrets: sealing and opening."""
