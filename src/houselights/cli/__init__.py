"""The command line: one file per group of verbs. A verb's rooms are imported when it runs."""

from houselights.cli.commands import main

__all__ = ["main"]
