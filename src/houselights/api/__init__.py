"""The creator-data HTTP API."""
