"""What several platforms share. Pure."""
