"""Every platform's folder against the port: a new folder is met by these tests without a line of its own."""

import json
import re

import msgspec
import pytest

from houselights.core import errors
from houselights.core.messages import Request, Response
from houselights.core.secret import Secret
from houselights.port.manifest import Given
from houselights.port.persona import Persona, Trait
from houselights.port.platform import Reading, UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience, Quality, quality_header
from houselights.resources.audience import render_body as render_audience
from houselights.resources.profiles import render_body as render_profile
from houselights.sandbox.play import as_seen_by_the_fake, play
from tests.contract.folders import (
    CAST,
    NO_ERROR,
    PLATFORMS,
    SHOWCASE,
    UNCONNECTED,
    WITH_AUDIENCE,
    address,
    apps,
    attempt,
    granted,
    on_every_platform,
    pairs,
    raw,
    read,
    refusals,
    refusing,
    replies_of,
    samples,
    unchanged,
)
from tests.expected import check, check_profile, told
from tests.invented import NOW, REDIRECT, connected, consented, played, through

_UNKNOWN = ("unknown_", "strange_")

# What a creator becomes


@pytest.mark.parametrize("persona", [each for each in CAST if not each.traits & UNCONNECTED], ids=lambda p: p.username)
@on_every_platform
def test_a_creator_comes_out_as_they_went_in(name: str, persona: Persona) -> None:
    check(PLATFORMS[name].manifest, persona, read(PLATFORMS[name], persona, unchanged))


@pytest.mark.parametrize("persona", [each for each in CAST if not each.traits & UNCONNECTED], ids=lambda p: p.username)
@on_every_platform
def test_kept_replies_become_what_their_reading_became(name: str, persona: Persona) -> None:
    platform = PLATFORMS[name]
    reading, kept = read(platform, persona, unchanged), replies_of(platform, persona)
    profile = platform.normalise_profile(kept)
    if profile.platform_profile_id is None:  # no reply repeats it: it is known from the grant
        ids = (reading.profile.external_id, reading.profile.platform_profile_id)
        profile = msgspec.structs.replace(profile, external_id=ids[0], platform_profile_id=ids[1])
    assert profile == reading.profile
    if isinstance(reading.audience, AudienceFacts):
        assert platform.normalise_audience(kept) == reading.audience


@on_every_platform
def test_an_audience_that_nobody_wants_is_not_asked_for(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)

    def reading(*, with_audience: bool) -> tuple[Reading, list[str], list[bytes]]:
        asked, kept = list[str](), list[bytes]()

        def spoil(request: Request, reply: Response) -> Response:
            asked.append(address(request))
            kept.append(reply.body)
            return reply

        script = platform.read(fake.app, grant, NOW, with_audience=with_audience)
        return played(script, through(fake, spoil)), asked, kept

    full, every_call, _ = reading(with_audience=True)
    alone, calls, kept = reading(with_audience=False)
    assert alone.profile == full.profile
    assert isinstance(alone.audience, NoAudience)
    assert set(calls) <= set(every_call)
    if name in WITH_AUDIENCE:
        assert len(calls) < len(every_call)
        with pytest.raises(UnfitReplyError):
            platform.normalise_audience(kept)


@on_every_platform
def test_every_field_that_a_platform_tells_is_told_of_somebody(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    people = [persona for persona in CAST if not persona.traits & UNCONNECTED]
    grants = [(app, granted(platform, fake, persona, app=app)) for persona in people for app in apps(fake)]
    readings = [play(platform.read(app, grant, NOW), fake, NOW) for app, grant in grants]
    rows = [row for row in PLATFORMS[name].manifest.capabilities if row.given is not Given.NEVER]
    fields = [row.field for row in rows if not row.field.startswith("audience.")]
    assert [each for each in fields if all(told(reading.profile, each) is None for reading in readings)] == []


@on_every_platform
def test_every_way_in_leads_to_the_same_creator(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    for app in apps(fake):
        grant = granted(platform, fake, app=app)
        at = NOW if grant.renew_at is None else grant.renew_at
        fresh = grant if grant.renew_at is None else play(platform.renew(app, grant, at), fake, at)
        reading = play(platform.read(app, fresh, at), fake, at)
        check_profile(platform.manifest, SHOWCASE, reading.profile)


@on_every_platform
def test_the_order_of_columns_makes_no_difference(name: str) -> None:
    turned = msgspec.structs.replace(SHOWCASE, traits=frozenset({Trait.REVERSED_COLUMNS}))
    readings = []
    for persona in (SHOWCASE, turned):
        fake = PLATFORMS[name].fake([persona])
        grant = connected(PLATFORMS[name], fake, persona.username)[0].grant
        readings.append(play(PLATFORMS[name].read(fake.app, grant, NOW), fake, NOW))
    assert readings[0] == readings[1]
    assert isinstance(readings[0].audience, AudienceFacts) or name not in WITH_AUDIENCE


@on_every_platform
def test_numbers_may_come_as_texts_and_ids_as_numbers(name: str) -> None:
    def turned(value: object, key: str = "") -> object:
        match value:
            case dict():
                return {each: turned(inner, each) for each, inner in value.items()}
            case list():
                return [turned(inner, key) for inner in value]
            case bool():
                return value
            case int() if "id" not in key:
                return str(value)
            case str() if key.endswith("id") and value.isdigit():
                return int(value)
        return value

    def spoil(_request: Request, reply: Response) -> Response:
        return msgspec.structs.replace(reply, body=json.dumps(turned(json.loads(reply.body))).encode())

    assert read(PLATFORMS[name], SHOWCASE, spoil) == read(PLATFORMS[name], SHOWCASE, unchanged)
    fake = PLATFORMS[name].fake(CAST)
    code = consented(PLATFORMS[name], fake, SHOWCASE.username)
    script = PLATFORMS[name].exchange(fake.app, code, REDIRECT, NOW)
    assert played(script, through(fake, spoil)) == connected(
        PLATFORMS[name], PLATFORMS[name].fake(CAST), SHOWCASE.username
    )


@on_every_platform
def test_an_id_beyond_two_to_the_53_keeps_every_digit(name: str) -> None:
    platform, beyond = PLATFORMS[name], b"9007199254740993"
    kept = replies_of(platform, SHOWCASE)
    told = platform.normalise_profile(kept).platform_profile_id or ""
    if told.isdigit():
        for quoted in (f'"{told}"', told):
            kept = [body.replace(quoted.encode(), beyond) for body in kept]
        assert platform.normalise_profile(kept).platform_profile_id == beyond.decode()


@on_every_platform
def test_fields_that_nobody_knows_are_passed_over(name: str) -> None:
    def with_more(value: object) -> object:
        match value:
            case dict() if value and all(isinstance(inner, int) for inner in value.values()):
                return value  # people by word: another word is another row
            case dict():
                return {**{key: with_more(inner) for key, inner in value.items()}, "novelty": [{"x": 1}]}
            case list():
                return [with_more(inner) for inner in value]
        return value

    def spoil(_request: Request, reply: Response) -> Response:
        return msgspec.structs.replace(reply, body=json.dumps(with_more(json.loads(reply.body))).encode())

    assert read(PLATFORMS[name], SHOWCASE, spoil) == read(PLATFORMS[name], SHOWCASE, unchanged)


# What a platform refuses


@pytest.mark.parametrize(("name", "sample", "where", "taken_for"), refusals())
def test_every_refusal_is_taken_for_what_it_is(name: str, sample: str, where: str, taken_for: str) -> None:
    refusal = PLATFORMS[name].fake(CAST).refusals[sample]
    assert json.loads(refusal.body) == json.loads((samples(name) / f"{sample}.raw.json").read_text(encoding="utf-8"))
    *words, at = where.split()
    script = " ".join(word for word in words if word != "once")
    script = f"{script} read".strip() if script in ("", "other") else script
    met: list[Request] = []

    def spoil(request: Request, reply: Response) -> Response:
        if at not in address(request) or (met and "once" in words):
            return reply
        met.append(request)
        return refusal

    expected = getattr(errors, taken_for, None)
    if expected is not None:
        with pytest.raises(errors.PlatformError) as caught:
            attempt(PLATFORMS[name], script, spoil)
        assert isinstance(caught.value, expected)
        assert isinstance(caught.value, errors.TokenRefused) == (expected is errors.TokenRefused)
    elif taken_for == NO_ERROR:
        attempt(PLATFORMS[name], script, spoil)
    else:
        reading = attempt(PLATFORMS[name], script, spoil)
        assert isinstance(reading, Reading)
        if taken_for == "PARTIAL":
            assert isinstance(reading.audience, AudienceFacts)
            assert Quality.PARTIAL in reading.audience.quality
        else:
            assert reading.audience == NoAudience(taken_for)
    assert met


@on_every_platform
def test_every_refusal_of_the_fake_is_a_sample_and_the_reverse(name: str) -> None:
    recorded = {path.name.removesuffix(".raw.json") for path in samples(name).glob("error_*.raw.json")}
    assert set(PLATFORMS[name].fake(CAST).refusals) == recorded
    assert {sample for platform, sample, _, _ in refusals() if platform == name} == recorded


@pytest.mark.parametrize("name", WITH_AUDIENCE)
def test_one_refused_dimension_leaves_the_others_as_they_are(name: str) -> None:
    whole = read(PLATFORMS[name], SHOWCASE, unchanged)
    assert isinstance(whole.audience, AudienceFacts)
    refusal = PLATFORMS[name].fake(CAST).refusals[refusing(name, "NOT_GRANTED")]
    partial = 0
    for place in range(len(replies_of(PLATFORMS[name], SHOWCASE))):
        counted: list[Request] = []

        def spoil(request: Request, reply: Response, counted: list[Request] = counted, place: int = place) -> Response:
            counted.append(request)
            return refusal if len(counted) == place + 1 else reply

        try:
            reading = read(PLATFORMS[name], SHOWCASE, spoil)
        except errors.TokenRevoked:
            continue  # it was the profile's call
        facts = reading.audience
        if facts == NoAudience("NOT_GRANTED"):
            partial += 1  # one call tells every list
            continue
        assert isinstance(facts, AudienceFacts)
        if reading.profile != whole.profile:
            assert facts == whole.audience
            continue
        lists = ("countries", "cities", "gender_age_distribution")
        assert [getattr(facts, field) == getattr(whole.audience, field) for field in lists].count(False) == 1
        assert Quality.PARTIAL in facts.quality
        partial += 1
    assert partial >= 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Response(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>"), errors.PlatformDown),
        (Response(200, {"content-type": "text/html"}, b"<html>Be right back</html>"), errors.PlatformDown),
        (Response(200, {}, b'{"data":[{"nam'), errors.PlatformDown),
        (Response(200, {}, b""), errors.PlatformDown),
        (Response(429, {"retry-after": "30"}, b"Too many requests"), errors.RateLimited),
        (Response(200, {}, b'"a text"'), errors.PlatformChanged),
    ],
)
@on_every_platform
def test_a_reply_that_is_none_is_never_taken_for_data(
    name: str, reply: Response, expected: type[errors.PlatformError]
) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    with pytest.raises(expected):
        played(platform.read(fake.app, grant, NOW), lambda _request: reply)
    with pytest.raises(expected):
        played(platform.exchange(fake.app, Secret("code"), REDIRECT, NOW), lambda _request: reply)


@on_every_platform
def test_the_headers_of_a_spent_budget_are_read(name: str) -> None:
    platform, fake = PLATFORMS[name], PLATFORMS[name].fake(CAST)
    grant = granted(platform, fake)
    (request, *_) = next(platform.read(fake.app, grant, NOW))
    seen = as_seen_by_the_fake(request, NOW)
    counted = platform.usage(fake.answer(seen))
    spent = platform.usage(fake.answer(msgspec.structs.replace(seen, usage_percent=100)))
    assert platform.usage(Response(200, {}, b"{}")) is None
    if fake.answer(seen).headers == fake.answer(msgspec.structs.replace(seen, usage_percent=100)).headers:
        assert (counted, spent) == (None, None)  # the platform's headers say nothing of its budgets
        return
    assert counted is not None
    assert counted.percent < platform.manifest.limits.stop_at_percent
    assert spent is not None
    assert spent.percent >= 100
    rests_s = spent.wait_s if spent.resets_at is None else (spent.resets_at - NOW).total_seconds()
    assert 60 <= rests_s <= 86_400


# What was recorded


@pytest.mark.parametrize(("name", "sample"), pairs("usage"))
def test_recorded_headers_tell_of_a_budget_what_was_recorded(name: str, sample: str) -> None:
    headers, expected = (
        json.loads((samples(name) / f"{sample}.{part}.json").read_text(encoding="utf-8"))
        for part in ("headers", "usage")
    )
    usage = PLATFORMS[name].usage(Response(200, headers, b"{}"))
    assert {key: getattr(usage, key) for key in expected} == expected


@pytest.mark.parametrize(("name", "sample"), pairs("audience"))
@pytest.mark.parametrize("turned", [False, True])
def test_a_recorded_audience_normalises_as_recorded(name: str, sample: str, *, turned: bool) -> None:
    expected = json.loads((samples(name) / f"{sample}.audience.json").read_text(encoding="utf-8"))
    facts = PLATFORMS[name].normalise_audience(raw(name, sample)[:: -1 if turned else 1])
    if isinstance(facts, NoAudience):
        assert {"no_audience": facts.reason} == expected
        return
    flags = expected.pop("quality")
    assert json.loads(b"{" + render_audience(facts)) == expected
    assert quality_header(facts.quality) == ",".join(flags)


@pytest.mark.parametrize("name", WITH_AUDIENCE)
def test_words_that_nobody_knows_are_recorded_and_said_to_be_unknown(name: str) -> None:
    """In the samples `unknown_….audience.json` or `strange_….audience.json`."""
    found = [sample for folder, sample in pairs("audience") if folder == name and sample.startswith(_UNKNOWN)]
    recorded = [json.loads((samples(name) / f"{sample}.audience.json").read_text(encoding="utf-8")) for sample in found]
    assert any("UNKNOWN_SHARE" in each["quality"] for each in recorded)


@pytest.mark.parametrize(("name", "sample"), pairs("profile"))
@pytest.mark.parametrize("turned", [False, True])
def test_a_recorded_profile_normalises_as_recorded(name: str, sample: str, *, turned: bool) -> None:
    expected = json.loads((samples(name) / f"{sample}.profile.json").read_text(encoding="utf-8"))
    facts = PLATFORMS[name].normalise_profile(raw(name, sample)[:: -1 if turned else 1])
    document = json.loads(b"{" + render_profile(facts))
    told = {key: value for key, value in document.items() if key in expected}
    told["reputation"] = {key: document["reputation"][key] for key in expected["reputation"]}
    assert told == expected


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'{"data":5}', b'{"x":' + b"[" * 100_000, b"\xff\xfe"])
@on_every_platform
def test_a_kept_reply_that_does_not_fit_is_named_by_its_place(name: str, body: bytes) -> None:
    fitting = raw(name, next(sample for platform, sample in pairs("profile") if platform == name))
    for normalise in (PLATFORMS[name].normalise_audience, PLATFORMS[name].normalise_profile):
        with pytest.raises(UnfitReplyError) as caught:
            normalise([*fitting, body])
        assert caught.value.reply == len(fitting)
        assert str(caught.value)


@pytest.mark.parametrize(("name", "sample"), pairs("unfit"))
def test_a_recorded_reply_that_must_not_be_taken_is_named(name: str, sample: str) -> None:
    """A page of another kind, percent where fractions belong, everybody's audience in place of the creator's."""
    expected = json.loads((samples(name) / f"{sample}.unfit.json").read_text(encoding="utf-8"))
    normalise = {"audience": PLATFORMS[name].normalise_audience, "profile": PLATFORMS[name].normalise_profile}
    for resource, place in expected.items():
        with pytest.raises(UnfitReplyError, match=re.escape(place)):
            normalise[resource](raw(name, sample))
