"""The contract's section 10, one file per chapter. Chapters run in this order: whatever ends accounts comes last."""

from houselights.conformance.chapters import (
    accounts,
    audience,
    authentication,
    bodies,
    deliveries,
    departures,
    errors,
    known_clients,
    later,
    lists,
    platforms,
    profiles,
    refreshes,
    runs,
    strangers,
    users,
    values,
    webhooks,
    xml_bodies,
)
from houselights.conformance.rule import Rule

_CHAPTERS = (
    *(
        authentication,
        errors,
        values,
        lists,
        strangers,
        bodies,
        users,
        platforms,
        accounts,
        profiles,
        refreshes,
        xml_bodies,
    ),
    *(audience, webhooks, deliveries, runs, known_clients, departures, later),
)

RULES: tuple[Rule, ...] = tuple(
    each for chapter in _CHAPTERS for each in vars(chapter).values() if isinstance(each, Rule)
)
"""Every rule once, in the order in which they run."""
