"""The only room that knows every room: `foundation` opens what all commands stand on, `faces` builds what a role shows
and runs, `serving` listens and shuts down in order.
"""
