"""An account's name as shown to its creator, so that they can tell their accounts apart."""

import re

_HANDLE = re.compile(r"@?[^\s@/]{1,100}")


def called(username: str | None, name: str | None, profile_id: str | None, *, has_handles: bool = True) -> str | None:
    """The name, with the handle if that adds something; None where nothing is known.

    username     as in documents: a handle, or what replaces it if the platform gave none, such as the id
    has_handles  whether people write this platform's usernames with an `@`
    """
    known = username or ""
    is_handle = has_handles and known != profile_id and _HANDLE.fullmatch(known) is not None
    handle = f"@{known.removeprefix('@')}" if is_handle else ""
    shown = "" if name == profile_id else name or ""
    if not shown or shown.removeprefix("@").casefold() == handle.removeprefix("@").casefold():
        return handle or known or None
    return f"{shown} ({handle})" if handle else shown
