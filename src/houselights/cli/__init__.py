"""The command line: one file a group of verbs. A verb's rooms are imported when it runs."""

from houselights.cli.commands import main

__all__ = ["main"]
