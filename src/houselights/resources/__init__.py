"""Nouns: each file says a resource's shape, its SQL as text, and how its document is rendered. Pure."""
