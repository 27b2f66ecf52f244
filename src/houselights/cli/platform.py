"""`platform`: which platforms there are, and what one's kept replies turn into."""

import argparse
from codecs import BOM_UTF8
from pathlib import Path

import msgspec

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Verbs, group, settings_of, verb, wants_json
from houselights.port.manifest import Manifest
from houselights.port.platform import Platform, UnfitReplyError
from houselights.resources import audience, profiles
from houselights.resources.audience import AudienceFacts, NoAudience, quality_header

_NOTHING = AudienceFacts((), (), ())

_AUDIENCE = {
    "COUNTRIES": "audience.countries",
    "CITIES": "audience.cities",
    "GENDER AND AGE": "audience.gender_age_distribution",
}


def add_verbs(verbs: Verbs) -> None:
    """`platform list`, `platform normalise`."""
    verbs = group(verbs, "platform", "see the platforms and try out their replies")
    verb(verbs, "list", "list the platforms that this installation supports, and what each gives", _list)
    normalise = verb(
        verbs,
        "normalise",
        "turn saved replies of a platform into the resource that clients read",
        _normalise,
        "A reply is recognised by its contents; the order of files does not matter. The value of the audience-quality\n"
        "header goes to standard error.\n\n"
        "example: houselights platform normalise instagram audience country.json city.json age_gender.json",
    )
    normalise.add_argument("name", metavar="NAME", help="the platform, as `platform list` says")
    normalise.add_argument("resource", metavar="audience|profile", choices=("audience", "profile"))
    normalise.add_argument("files", metavar="FILE", nargs="+", type=Path, help="replies of one account, as JSON")


def _list(arguments: argparse.Namespace) -> int:
    from houselights.compose.platforms import find_manifests, find_overlays

    directory = settings_of(arguments).settings.manifests_dir
    manifests, overlays = list(find_manifests(directory).values()), find_overlays(directory)
    if wants_json(arguments):
        answer_json(
            [
                {
                    "name": manifest.name,
                    "work_platform_id": manifest.work_platform,
                    "products": manifest.products,
                    "api_version": manifest.api_version,
                    "hosts": manifest.hosts,
                    "audience_threshold": manifest.audience_threshold,
                    "cadence_h": manifest.cadence_h,
                    "fields": {row.field: row.given for row in manifest.capabilities},
                    "changed_by": overlays.get(manifest.name),
                }
                for manifest in manifests
            ]
        )
        return 0
    answer_table([("NAME", *_AUDIENCE, "READ EVERY", "API", "WORK PLATFORM"), *map(_row, manifests)])
    for name, overlay in overlays.items():
        say(f"{name}: {', '.join(overlay.says) or 'nothing'} as {overlay.file} says")
    return 0


def _row(manifest: Manifest) -> tuple[str, ...]:
    """What a platform reveals about an audience, at a glance."""
    told = (manifest.given(field).value for field in _AUDIENCE.values())
    return (manifest.name, *told, f"{manifest.cadence_h} h", manifest.api_version, str(manifest.work_platform))


def _normalise(arguments: argparse.Namespace) -> int:
    from houselights.compose.platforms import find_platforms

    platforms = find_platforms(settings_of(arguments).settings.manifests_dir, drafts=True)
    platform = platforms.get(arguments.name)
    if platform is None:
        say(f"houselights: no platform is called {arguments.name!r}; choose from {', '.join(platforms)}")
        return 2
    files: list[Path] = arguments.files
    replies: list[bytes] = []
    for file in files:
        try:
            replies.append(file.read_bytes().removeprefix(BOM_UTF8))  # editors add it, platforms do not
        except OSError as error:
            say(f"houselights: {file}: cannot be read: {error.strerror}")
            return 2
    try:
        body = _audience(platform, replies) if arguments.resource == "audience" else _profile(platform, replies)
    except UnfitReplyError as error:
        say(f"houselights: {files[error.reply]}: {error}")
        return 2
    answer(msgspec.json.format(body, indent=2).decode())
    return 0


def _audience(platform: Platform, replies: list[bytes]) -> bytes:
    facts = platform.normalise_audience(replies)
    if isinstance(facts, NoAudience):
        say(f"no audience: {facts.reason}")
        facts = _NOTHING
    elif facts.quality:
        say(f"audience-quality: {quality_header(facts.quality)}")
    return b"{" + audience.render_body(facts)


def _profile(platform: Platform, replies: list[bytes]) -> bytes:
    return b"{" + profiles.render_body(platform.normalise_profile(replies))
