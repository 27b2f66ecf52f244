"""What recognises a client: the keyed digest of its id and secret, which is all that is stored in their place.

Not here: the sealed text that webhooks are signed with (`store.client_secrets`).
"""

import hmac

KNOWN_FOR_S = 5.0
"""How long a server trusts what it knows about a caller, and its application's settings, without asking again."""


def digest(key: bytes, credentials: bytes) -> bytes:
    """32 bytes.

    key          derived from the root key for `resources.applications.CLIENT_SECRETS`
    credentials  client id and secret with a colon between them, UTF-8, as HTTP Basic carries them
    """
    return hmac.digest(key, credentials, "sha256")
