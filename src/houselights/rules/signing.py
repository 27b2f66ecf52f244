"""Webhook signatures: made when an attempt is sent, verified where one is received (the demo).

Two schemes sign the same bytes side by side. The contract's (6.3) is the hex digest of the body alone.
Standard Webhooks also binds the event's id and the attempt's second, so that a receiver can refuse replays:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11-23).
Not here: the body's bytes (`core.events`) and which secrets are valid.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from houselights.core.ids import EventId
from houselights.core.secret import Secret

TOLERANCE_S = 300


def webhook_headers(body: bytes, event_id: EventId, secrets: Sequence[Secret], timestamp: int) -> dict[str, str]:
    """The headers of one attempt.

    body       exactly the bytes that are sent
    secrets    every valid client secret, newest first; at least one. Contract digests are joined by `,` without
               a space, because receivers split there and do not trim; Standard Webhooks requires spaces
    timestamp  epoch seconds of this attempt; the id stays the same when the event is sent again
    """
    digests = [_digest(body, secret) for secret in secrets]
    return {
        "Webhook-Signatures": ",".join(digests),
        "Phyllo-Signatures": ",".join(digests),
        "Phyllo-Signature": digests[0],
        "webhook-id": str(event_id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_standard(body, str(event_id), str(timestamp), secret) for secret in secrets),
    }


def without_older_names(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of one attempt for receivers that know only the newest names, and Standard Webhooks'."""
    return {name: value for name, value in headers.items() if not name.startswith("Phyllo-")}


def verify(body: bytes, headers: Mapping[str, str], secret: Secret, now: int) -> bool:
    """Whether a delivery is ours and fresh: both schemes must hold.

    headers  names in lower case
    now      epoch seconds; an attempt more than five minutes off in either direction is refused
    """
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_S:
        return False
    standard = _standard(body, headers.get("webhook-id", ""), timestamp, secret)
    return _holds(headers.get("webhook-signatures", "").split(","), _digest(body, secret)) and _holds(
        headers.get("webhook-signature", "").split(" "), standard
    )


def _holds(offered: Sequence[str], expected: str) -> bool:
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in offered)


def _digest(body: bytes, secret: Secret) -> str:
    return hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()


def _standard(body: bytes, event_id: str, timestamp: str, secret: Secret) -> str:
    """`v1,` and the Base64 digest. The key is the secret's bytes: receivers configure `whsec_` + their Base64."""
    message = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret.reveal().encode(), message, "sha256")).decode("ascii")
