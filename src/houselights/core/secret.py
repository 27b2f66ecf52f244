"""A text that cannot print itself.

`reveal` is called only where a secret leaves the process on purpose (outbound), is sealed or opened (vault),
or signs (rules.signing, and the command that shows a new client secret once); a house test keeps the list.
"""

import base64
import hashlib
import hmac
from typing import Self
from urllib.parse import quote_plus

from houselights.core import base64url


class Secret:
    """Wraps a token or key: no repr, no str, no format, no pickle, no equality by content in logs.

    Platform scripts carry secrets without ever reading them: `prefixed`, `proof` and `basic` build what requests need.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def prefixed(self, prefix: str) -> Self:
        """A secret made of `prefix` and this one, such as Meta's `app_id|app_secret`."""
        return type(self)(prefix + self._text)

    def without_end(self, end: str) -> Self:
        """Without `end`, if it ends in that, such as the `#_` that Instagram appends to its codes."""
        return type(self)(self._text.removesuffix(end))

    def proof(self, key: "Secret") -> Self:
        """Lower-case hex HMAC-SHA256 of this secret under `key`, such as Meta's `appsecret_proof`."""
        return type(self)(hmac.new(key._text.encode(), self._text.encode(), hashlib.sha256).hexdigest())

    def basic(self, user: str) -> Self:
        """The value of an `Authorization` header: HTTP Basic with this as the password (RFC 7617)."""
        return type(self)("Basic " + base64.b64encode(f"{user}:{self._text}".encode()).decode())

    def struck_from(self, text: bytes) -> bytes:
        """`text` with `***` wherever this secret occurs in it, verbatim or as a query spells it."""
        for spelt in (self._text, quote_plus(self._text)):
            text = text.replace(spelt.encode(), b"***") if spelt else text
        return text

    def challenge(self) -> str:
        """For a code verifier: its S256 code challenge (RFC 7636, 4.2), which is public."""
        digest = hashlib.sha256(self._text.encode()).digest()
        return base64url.encode(digest)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
