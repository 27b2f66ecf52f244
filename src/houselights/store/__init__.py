"""Nouns in and out of PostgreSQL."""
