"""Requests of LinkedIn's APIs: versions in headers, and parameters in the notation of Rest.li.

Rest.li needs parentheses and commas as they are, and the text between them percent-encoded, so addresses are built
character by character here.
Source: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/protocol-version (read 2026-11-23).
"""

from collections.abc import Iterable
from urllib.parse import quote

from houselights.core.messages import Request
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import Grant


def rest(manifest: Manifest, grant: Grant, path: str) -> Request:
    """A versioned call of `/rest/{path}`; the path may include a query."""
    headers = (
        oauth2.bearer(grant),
        ("linkedin-version", manifest.api_version),
        ("x-restli-protocol-version", manifest.settings["protocol_version"]),
    )
    return Request("GET", f"{manifest.settings['api']}/rest/{path}", headers=headers)


def plain(manifest: Manifest, grant: Grant, path: str) -> Request:
    """A call of `/v2/{path}`, which has no versions; the path may include a query."""
    headers = (oauth2.bearer(grant), ("x-restli-protocol-version", manifest.settings["protocol_version"]))
    return Request("GET", f"{manifest.settings['api']}/v2/{path}", headers=headers)


def urn(organization: str) -> str:
    """`urn:li:organization:9000001`, encoded."""
    return quote(f"urn:li:organization:{organization}", safe="")


def id_list(ids: Iterable[str]) -> str:
    """`List(1,2)`."""
    return f"List({','.join(quote(each, safe='') for each in ids)})"
