"""The servers that are measured, each a process of its own: `python -m bench.servers.NAME PORT …`.

bare              the ASGI server with next to nothing on it
ours              houselights' API, and variants of it inside the same application
commonly_written  the same read as a FastAPI and SQLAlchemy service, as such services are commonly written
"""
