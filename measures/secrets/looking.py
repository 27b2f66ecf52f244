"""PURE: looks for secrets place by place, and for each place's control, which the search must find."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from measures.secrets.ledger import Ledger
from measures.secrets.search import Search

Blob = tuple[str, bytes]
"""Its name, and its contents."""


class Place(Struct, frozen=True):
    """Somewhere to look.

    control        a token that was written there on purpose, in plain text
    controlled     in how many of the blobs
    is_for_browsers  whether what browsers must be given may occur there
    """

    name: str
    blobs: Sequence[Blob]
    control: str
    controlled: int = 1
    is_for_browsers: bool = False


class Look(Struct, frozen=True):
    """What a place held. found: a sentence for each secret of which a part occurs there."""

    place: str
    bytes_searched: int
    found: tuple[str, ...]
    has_control: bool


def look(places: Iterable[Place], ledger: Ledger) -> list[Look]:
    """At every place, with one search for all of them."""
    told = list(places)
    search = Search([*ledger.kinds, *(place.control for place in told)])
    return [_look(place, ledger, search) for place in told]


def _look(place: Place, ledger: Ledger, search: Search) -> Look:
    wanted = ledger.kinds_for(browsers=place.is_for_browsers)
    found, controls = [], 0
    for label, data in place.blobs:
        texts = search.found_in(data)
        controls += place.control in texts
        found += [f"{wanted[text]} in {place.name}, {label}, {how}" for text, how in texts.items() if text in wanted]
    size = sum(len(data) for _, data in place.blobs)
    return Look(place.name, size, tuple(found), controls >= place.controlled)
