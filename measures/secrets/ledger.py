"""PURE: every secret that the job's witnesses saw, and where each may be seen."""

from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

import msgspec

SHORTEST = 19
"""Letters in the shortest text that is planted: the search finds any part of a secret that is this long."""

FOR_BROWSERS = frozenset({"state", "cookie", "connect address"})
"""What a creator's browser must be given: looked for in what is stored and logged, not in pages and answers."""

_SENT = {
    "access_token": "access token",
    "fb_exchange_token": "access token",
    "input_token": "access token",
    "token": "access token",
    "refresh_token": "refresh token",
    "code": "code",
    "code_verifier": "verifier",
    "client_secret": "app secret",
    "appsecret_proof": "app secret",
}
_ANSWERED = {"access_token": "access token", "refresh_token": "refresh token", "id_token": "access token"}


class Ledger:
    """Secrets by their text, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}

    def plant(self, kind: str, text: str) -> None:
        """A secret that must not be found anywhere from now on. Raises ValueError if it is too short to look for."""
        if len(text) < SHORTEST:
            raise ValueError(f"a {kind} of {len(text)} letters cannot be looked for")
        # An app's own token at Meta is its id, which is not secret, and its secret.
        self.kinds.setdefault(text.rpartition("|")[2], kind)

    def kinds_for(self, *, browsers: bool) -> Mapping[str, str]:
        """What to look for in a place: where browsers look, everything except what they must be given."""
        return {text: kind for text, kind in self.kinds.items() if not browsers or kind not in FOR_BROWSERS}

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return dict(Counter(self.kinds.values()))

    def take_fields(self, fields: Mapping[str, str]) -> list[str]:
        """Secrets among the parameters of a call to a platform; plants them."""
        found = [(_SENT[name], value) for name, value in fields.items() if name in _SENT]
        # The sandbox's own forms also have fields with these names, containing words of a few letters.
        return self._plant_all((kind, value) for kind, value in found if len(value) >= SHORTEST)

    def take_reply(self, body: bytes) -> list[str]:
        """Secrets in a platform's JSON, at any depth; plants them."""
        try:
            value = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return []
        return self._plant_all((_ANSWERED[name], text) for name, text in _texts(value) if name in _ANSWERED)

    def take_address(self, url: str) -> None:
        """The code and the state in an address to which a browser is sent; plants them."""
        said = dict(parse_qsl(urlsplit(url).query))
        if "code" in said:
            self.plant("code", said["code"])
        if "state" in said:
            # The part before the dot names the session, which is not secret.
            self.plant("state", said["state"].rpartition(".")[2])

    def _plant_all(self, found: Iterator[tuple[str, str]]) -> list[str]:
        planted = list(found)
        for kind, text in planted:
            self.plant(kind, text)
        return [text for _, text in planted]


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Name and text of every member that is a text."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            if isinstance(member, str):
                yield name, member
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
