"""Who the kit is to the server: headers that prove it, headers that do not, and the digest of a delivery.

The only module of the kit that reveals a secret; what it hands out goes to the server or is a digest.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from houselights.core.secret import Secret

_HIDDEN = "(the secret)"
_SHORT = 8
_WORD = r"(?<!\w)%s(?!\w)"


class Credentials(Struct, frozen=True):
    """Those of one client application."""

    client_id: str
    client_secret: Secret

    @property
    def has_colons(self) -> bool:
        """Whether the secret itself holds a colon, as C-003 needs."""
        return ":" in self.client_secret.reveal()

    def basic(self, scheme: str = "Basic") -> str:
        """The header that must be accepted."""
        return f"{scheme} {_encoded(f'{self.client_id}:{self.client_secret.reveal()}')}"

    def refused(self, unknown_id: str) -> tuple[tuple[str, str], ...]:
        """Headers that must not be accepted, each with what is wrong with it. unknown_id: a client id nobody has."""
        secret = self.client_secret.reveal()
        return (
            ("a wrong secret", f"Basic {_encoded(f'{self.client_id}:{secret}x')}"),
            ("an unknown id", f"Basic {_encoded(f'{unknown_id}:{secret}')}"),
            ("the scheme Bearer", f"Bearer {_encoded(f'{self.client_id}:{secret}')}"),
            ("what is no Base64", "Basic !!!!"),
            ("no colon", f"Basic {_encoded(self.client_id)}"),
        )

    def digest(self, body: bytes) -> str:
        """Lower-case hex HMAC-SHA256 of a delivery's bytes (contract 6.3)."""
        return hmac.new(self.client_secret.reveal().encode(), body, hashlib.sha256).hexdigest()

    def hide(self, text: str) -> str:
        """A server's text without the secret, in whatever form it was echoed."""
        for form in self._forms():
            text = text.replace(form, _HIDDEN)
        return text

    def hide_echoes(self, text: str, came: Callable[[str], bool]) -> str:
        """A text of ours that quotes a server, without the secret.

        came  whether a server sent this form of it at all; if not, it is in our own words by chance. A short secret is
              hidden only as a separate word: `b` is not cut out of `bodies`
        """
        for form in self._forms():
            if form in text and came(form):
                text = re.sub(_WORD % re.escape(form) if len(form) < _SHORT else re.escape(form), _HIDDEN, text)
        return text

    def _forms(self) -> Iterator[str]:
        secret = self.client_secret.reveal()
        pair = f"{self.client_id}:{secret}"
        forms = (_encoded(pair), _encoded(pair).rstrip("="), _encoded(secret), secret)
        return (form for form in forms if form)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
