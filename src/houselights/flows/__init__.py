"""Verbs, a file each, readable from its `run` downwards; what several share lies beside them and has none.

Shared: `rooms`, `platform_app`, `connect_account`.
"""
