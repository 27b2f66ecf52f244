"""TLS: who cannot prove its name gets no request. Certificates are made here and vouched for by nobody else."""

import asyncio
import ssl
import sys
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import structs

from houselights.outbound.calls import ClientOptions
from houselights.outbound.errors import Timeout, TlsFailed

from .listeners import PATIENT, QUICK, Reader, Writer, answering, calling, hanging, listening, read_request, reply

CALL = """
import asyncio, sys
from houselights.outbound.calls import WEBHOOKS
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX
from houselights.outbound.errors import SendFailed

async def call():
    client = HttpClient(WEBHOOKS, SANDBOX)
    try:
        print((await client.send("POST", sys.argv[1], headers={}, body=b"{}")).status)
    except SendFailed as failed:
        print(failed.code)
    finally:
        await client.aclose()

asyncio.run(call())
"""


def certificate(folder: Path, host: str = "127.0.0.1", last_year: int = 2120) -> tuple[ssl.SSLContext, Path]:
    """A certificate for an address of this machine from 2020 on, signed by itself: a server's context, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(last_year, 1, 1, tzinfo=UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file, both = folder / "certificate.pem", folder / "both.pem"
    file.write_bytes(public)
    both.write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, file


async def called_by_one_who_trusts(file: Path, url: str) -> str:
    """Status or code of a call by a process whose certificate authority is `file`: trust is read when it starts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALL, url, env={"SSL_CERT_FILE": str(file)}, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    return output.decode().strip()


@pytest.mark.parametrize(
    ("host", "last_year", "ends_as"),
    [("127.0.0.1", 2120, "200"), ("127.0.0.2", 2120, "tls_failed"), ("127.0.0.1", 2021, "tls_failed")],
    ids=["right", "another host's", "expired"],
)
async def test_a_trusted_certificate_counts_for_its_own_host_and_time(
    tmp_path: Path, host: str, last_year: int, ends_as: str
) -> None:
    context, file = certificate(tmp_path, host, last_year)
    requests: list[bytes] = []
    async with listening(answering(reply(), requests=requests), context) as listener:
        assert await called_by_one_who_trusts(file, listener.url(scheme="https")) == ends_as
    assert len(requests) == (ends_as == "200")


async def test_a_certificate_that_nobody_vouches_for_gets_no_request(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    requests: list[bytes] = []
    async with listening(answering(reply(), requests=requests), context) as listener, calling() as client:
        with pytest.raises(TlsFailed) as failed:
            await client.send("POST", listener.url(scheme="https"), headers={}, body=b"{}")
    assert failed.value.code == "tls_failed"
    assert requests == []


@pytest.mark.parametrize("options", [QUICK, structs.replace(PATIENT, connect_s=0.3)], ids=["deadline", "connect"])
async def test_a_receiver_that_never_finishes_its_handshake_costs_the_shorter_limit(options: ClientOptions) -> None:
    async with listening(hanging) as listener, calling(options) as client:
        async with asyncio.timeout(3):
            with pytest.raises(Timeout):
                await client.send("POST", listener.url(scheme="https"), headers={}, body=b"{}")
    assert listener.connections == 1


async def test_a_receiver_that_speaks_plain_http_on_a_tls_address_is_a_tls_failure() -> None:
    async def shouting(reader: Reader, writer: Writer) -> None:
        writer.write(reply())
        await writer.drain()
        await read_request(reader)

    async with listening(shouting) as listener, calling() as client:
        with pytest.raises(TlsFailed):
            await client.send("POST", listener.url(scheme="https"), headers={}, body=b"{}")
