"""Decisions, as pure functions: shares, cadence, back-off, signing, status, change."""
