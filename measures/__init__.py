"""What is promised, counted by somebody other than our own tables: `make measures` prints it as one JSON object.

Each module is one measure, with a `run` that needs nothing but this machine and stops by itself.
"""
