"""Verbs, one per file, each readable from its `run` downwards; modules that several share have no `run`.

Shared: `rooms`, `platform_app`, `connect_account`.
"""
