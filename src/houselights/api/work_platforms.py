"""Work platforms: the fixed catalogue, from memory. Contract section 3."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from houselights.api.call import Answer, Call
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.resources.work_platforms import catalogue


class WorkPlatformEndpoints:
    """`/v1/work-platforms`. built: the products that this deployment reads, by work platform."""

    def __init__(self, built: Mapping[UUID, Collection[str]]) -> None:
        documents = catalogue(built)
        self._by_id: Mapping[UUID, bytes] = {document.id: msgspec.json.encode(document) for document in documents}
        self._id_by_name = {document.name.casefold(): document.id for document in documents}

    async def list(self, call: Call) -> Answer:
        """`name` filters exactly, but in any letter case."""
        query = call.query()
        page, name = query.page(), query.text_or_none("name")
        query.check()
        rows = list(self._by_id.values())
        if name is not None:
            named = self._id_by_name.get(name.casefold())
            rows = [] if named is None else [self._by_id[named]]
        return listing(rows[page.skipped :][: page.limit], page)

    async def get(self, call: Call) -> Answer:
        """One row, as in the list."""
        document = self._by_id.get(call.path_id())
        if document is None:
            raise Refused("incorrect_work_platform_id")
        return Answer(200, document)
