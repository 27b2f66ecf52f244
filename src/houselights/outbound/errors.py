"""Why a call brought no reply. Each has a stable code; none carries a path, a query, a header or a body."""

from houselights.core import errors


class SendFailed(errors.HouselightsError):
    """No complete reply. The message names scheme, host and port at most."""


class Timeout(SendFailed):
    """The deadline passed, during name look-up, connecting, TLS, headers or body. Code `timeout`."""


class ConnectFailed(SendFailed):
    """Nothing is listening there, or the name cannot be resolved. Codes `connect_failed`, `dns_failed`."""


class TlsFailed(SendFailed):
    """The other side could not prove who it is, or does not speak TLS. Code `tls_failed`."""


class BadReply(SendFailed):
    """Connected, but the reply was not HTTP, or broke off. Codes `bad_reply`, `disconnected`."""


class BodyTooLarge(SendFailed):
    """The reply is larger than this client reads. Code `body_too_large`."""


class BadTarget(SendFailed):
    """The URL or a header is not one that we send to; nothing was sent and no name looked up.

    Codes `bad_url`, `bad_header`, `credentials_in_url`, `refused_port`, `unlisted_origin`.
    """


class AddressRefused(SendFailed):
    """The target leads to an address that must not be reached; no connection was made. Code `private_address`."""

    def __init__(self, host: str, kind: str) -> None:
        super().__init__("private_address", f"{host} leads to a {kind} address")


class TargetBusy(SendFailed):
    """Too many calls to this target are under way already; nothing was sent, so this is no attempt. `target_busy`."""
