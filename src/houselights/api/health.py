"""Whether this server can serve: for load balancers, and for anyone waiting for a start. An extension, without auth."""

from houselights.api.call import Answer, Call
from houselights.db.run import Database
from houselights.store import read


class HealthEndpoints:
    """`/x/health`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, _call: Call) -> Answer:
        """200 where the database answers, else 503, as for any other call then."""
        await read.ready(self._database)
        return Answer(200, b'{"status":"ok"}')
