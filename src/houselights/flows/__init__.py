"""Verbs, one public `run` each, readable top to bottom."""
