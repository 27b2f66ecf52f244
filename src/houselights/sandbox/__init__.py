"""Every platform's fake behind one server, for development."""
