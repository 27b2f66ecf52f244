"""Ready-made requests, one for each of many random accounts, all of the same length, in a file for the generator."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from bench.accounts import account_id
from bench.databases import Credentials

_READ = """\
GET {path}?account_id={id} HTTP/1.1\r
host: 127.0.0.1:8420\r
authorization: {authorization}\r
accept: application/json\r
user-agent: bench\r
\r
"""
_REFRESH = """\
POST {path} HTTP/1.1\r
host: 127.0.0.1:8420\r
authorization: {authorization}\r
content-type: application/json\r
content-length: 53\r
user-agent: bench\r
\r
{{"account_id":"{id}"}}"""


class Requests(Struct, frozen=True):
    """A file of requests, each of `length` bytes."""

    path: Path
    length: int


def drawn(accounts: int, draws: int) -> list[bytes]:
    """Ids of accounts, each account as likely as any other; the same in every run."""
    return [str(account_id(_chance(number) % accounts)).encode() for number in range(draws)]


def _chance(number: int) -> int:
    return int.from_bytes(hashlib.sha256(b"%d" % number).digest()[:8])


def reads(file: Path, path: str, credentials: Credentials, ids: Sequence[bytes]) -> Requests:
    """`GET path?account_id=…`, even for variants that do not look at the account."""
    return _write(file, _READ, path, credentials, ids)


def refreshes(file: Path, path: str, credentials: Credentials, ids: Sequence[bytes]) -> Requests:
    """`POST path` with an account's id as JSON."""
    return _write(file, _REFRESH, path, credentials, ids)


def _write(file: Path, form: str, path: str, credentials: Credentials, ids: Sequence[bytes]) -> Requests:
    before, after = form.format(path=path, authorization=credentials.header, id="\0").encode().split(b"\0")
    requests = [before + each + after for each in ids]
    file.write_bytes(b"".join(requests))
    return Requests(file, len(requests[0]))
