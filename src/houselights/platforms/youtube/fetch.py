"""One refresh: the channel, then its viewers and watch time side by side, in wider windows if one is empty.

Source: https://developers.google.com/youtube/analytics/channel_reports (read 2026-11-23).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias

from houselights.core.errors import NotGranted, PlatformChanged, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.platforms.youtube import raw
from houselights.platforms.youtube.normalise import (
    LISTS,
    PEOPLE,
    WATCHED,
    Answer,
    Table,
    audience_facts,
    kept_refusal,
    only_channel,
    profile_facts,
    table,
    watched_minutes,
)
from houselights.platforms.youtube.refusals import refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import NoAudience
from houselights.rules import pacific

Window: TypeAlias = tuple[date, date]
"""First and last day."""


def usage(_manifest: Manifest, _reply: Response) -> Usage | None:
    """Google's replies say nothing about its quotas."""
    return None


def read(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. Watch time belongs to the channel, so it is asked for even without the viewers."""
    reply = yield from ask(channels_request(manifest, grant))
    channel = channel_of(reply, now)
    if not set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes):
        return Reading(profile_facts(channel), NoAudience("NOT_GRANTED"))
    windows = list(_windows(manifest, channel, now))
    lists = LISTS if with_audience else ()
    asked = [*((name, windows[0]) for name in lists), (WATCHED, windows[-1])]
    answers = yield from _answers(manifest, grant, asked, now)
    for window in windows[1:]:
        silent = [(name, window) for name in lists if _says_nothing(answers[name])]
        if not silent:
            break
        answers |= yield from _answers(manifest, grant, silent, now)
    facts = profile_facts(channel, watched_minutes(answers[WATCHED]))
    return Reading(facts, audience_facts(manifest, answers) if with_audience else NoAudience("NOT_GRANTED"))


def channels_request(manifest: Manifest, grant: Grant) -> Request:
    """Asks for the channel that the token is bound to."""
    query = (("part", manifest.settings["parts"]), ("mine", "true"))
    return Request("GET", f"{manifest.settings['data']}/channels", query=query, headers=(oauth2.bearer(grant),))


def channel_of(reply: Response, now: datetime) -> raw.Channel:
    """The one channel of a reply; a missing scope here means that nothing can be read any more.

    raises  NotGiven NO_CHANNEL for a Google account without one
    """
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    return only_channel(replies.fit(reply.body, raw.Channels))


def _windows(manifest: Manifest, channel: raw.Channel, now: datetime) -> Iterator[Window]:
    """Windows, each wider than the one before; the last starts when the channel was created."""
    last = pacific.today(now) - timedelta(days=int(manifest.settings["lag_days"]))
    published = channel.snippet.published_at
    first = min(published.date(), last) if published is not None else date(2005, 2, 14)
    for days in manifest.settings["windows_days"].split():
        yield last - timedelta(days=int(days) - 1), last
    yield first, last


def _answers(
    manifest: Manifest, grant: Grant, asked: Sequence[tuple[str, Window]], now: datetime
) -> Script[dict[str, Answer]]:
    """Reports side by side, by name."""
    got = yield from ask_all(*(_report(manifest, grant, name, window) for name, window in asked))
    return {name: _answer(manifest, name, reply, now) for (name, _), reply in zip(asked, got, strict=True)}


def _report(manifest: Manifest, grant: Grant, name: str, window: Window) -> Request:
    settings = manifest.settings
    asked: Mapping[str, Sequence[tuple[str, str]]] = {
        PEOPLE: (("dimensions", PEOPLE), ("metrics", settings["people_metric"]), ("sort", "gender,ageGroup")),
        WATCHED: (("metrics", settings["watched_metric"]),),
    }
    places = (
        ("dimensions", name),
        ("metrics", settings["places_metric"]),
        ("sort", f"-{settings['places_metric']}"),
        ("maxResults", settings["top_rows"]),
    )
    days = (("ids", "channel==MINE"), ("startDate", str(window[0])), ("endDate", str(window[1])))
    return Request(
        "GET",
        f"{settings['analytics']}/reports",
        query=(*days, *asked.get(name, places)),
        headers=(oauth2.bearer(grant),),
    )


def _answer(manifest: Manifest, name: str, reply: Response, now: datetime) -> Answer:
    """A report, or why there is none. Raises a refusal that would stop the other reports as well."""
    refused = refusal(reply, now)
    if refused is None:
        found = table(manifest, replies.fit(reply.body, raw.Report))
        if found.name != name:
            raise PlatformChanged("reply_changed", f"Expected a report by {name} - at `$.columnHeaders`")
        return found
    if kept_refusal(refused):
        return refused
    raise refused


def _says_nothing(answer: Answer) -> bool:
    return isinstance(answer, Table) and not answer.rows
