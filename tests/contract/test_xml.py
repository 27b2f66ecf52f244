"""XML bodies of a refresh: contract 4.3, C-071 to C-074."""

import asyncio
import time

import pytest

from tests.contract.client import Headers, Reply
from tests.contract.routes import World, world
from tests.contract.seed import Seed

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<Refresh>
  <account_id>{account_id}</account_id>
</Refresh>
"""
ENTITY_BOMB = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(20))
    + "]><r><account_id>&u;</account_id></r>"
)


async def refresh(here: World, body: str | bytes, content_type: str | None = "application/xml") -> Reply:
    """POST /v1/profiles/refresh."""
    headers: Headers = () if content_type is None else (("Content-Type", content_type),)
    raw = here.fill(body).encode() if isinstance(body, str) else body
    return await here.caller.client.post("/v1/profiles/refresh", raw, headers)


def accepted(here: World, reply: Reply) -> bool:
    """Whether it is the 202 of a JSON request."""
    return (reply.status, reply.body) == (202, here.fill('{"account_id":"{account_id}"}').encode())


@pytest.mark.rule("C-071")
@pytest.mark.parametrize("content_type", ["application/xml", "text/xml", "application/vnd.y+xml;charset=utf-8", None])
async def test_the_sample_gets_the_202_of_json_and_asks_for_a_refresh(seed: Seed, content_type: str | None) -> None:
    here = await world(seed)
    assert accepted(here, await refresh(here, SAMPLE, content_type))
    state = (await here.caller.client.get(here.fill("/x/accounts/{account_id}/refresh"))).json()
    assert state["is_pending"] is True


@pytest.mark.rule("C-072")
@pytest.mark.parametrize(
    "body",
    [
        "<anything><account_id>{account_id}</account_id></anything>",
        '<Refresh xmlns="urn:x"><account_id>{account_id}</account_id></Refresh>',
        '<p:Refresh xmlns:p="urn:x" a="b"><p:account_id p:c="d">{account_id}</p:account_id></p:Refresh>',
        "<!-- a --><Refresh><!-- b --><account_id><!-- c -->{account_id}<!-- d --></account_id></Refresh><!-- e -->",
        "<Refresh><account_id><![CDATA[{account_id}]]></account_id></Refresh>",
        "<Refresh><x><account_id>deeper</account_id></x><y/>text<account_id> \n {account_id}\t</account_id></Refresh>",
        "<Refresh><account_id>{account_id}<z>not mine</z></account_id></Refresh>",
        "<?pi x?>\n<Refresh><?pi y?><account_id>{bare}</account_id></Refresh>\n",
        "<Refresh>" + "<a>" * 31 + "</a>" * 31 + "<account_id>{account_id}</account_id></Refresh>",
        "<Refresh>" + "<a/>" * 15_000 + "<account_id>{account_id}</account_id></Refresh>",
    ],
    ids=lambda body: body[:40],
)
async def test_only_the_root_s_child_named_account_id_counts(seed: Seed, body: str) -> None:
    here = await world(seed)
    bare = str(here.subject.account_id).replace("-", "").upper()
    assert accepted(here, await refresh(here, body.replace("{bare}", bare)))
    assert accepted(here, await refresh(here, "\n " + body.replace("{bare}", bare), None))


@pytest.mark.rule("C-071")
async def test_encodings_are_taken_from_mark_header_or_declaration(seed: Seed) -> None:
    here = await world(seed)
    text = here.fill("<Refresh><name>é</name><account_id>{account_id}</account_id></Refresh>")
    for body, content_type in (
        (text.encode("utf-8-sig"), "application/xml"),
        (text.encode("utf-16"), "application/xml"),
        (text.encode("utf-16"), "text/xml; charset=utf-8"),
        (text.encode("utf-16"), None),
        (text.encode("latin-1"), "text/xml; charset=ISO-8859-1"),
        (text.encode("latin-1"), 'text/xml; charset="iso-8859-1"; x=y'),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text.encode("latin-1"), "text/xml"),
        (b'<?xml version="1.0" encoding="windows-1252"?>' + text.encode("cp1252"), None),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text.encode(), "text/xml; charset=utf-8"),
    ):
        assert accepted(here, await refresh(here, body, content_type)), (body[:40], content_type)


@pytest.mark.rule("C-073", "C-074")
@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE Refresh><Refresh><account_id>{account_id}</account_id></Refresh>",
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r><account_id>{account_id}</account_id></r>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><account_id>&x;</account_id></r>',
        '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]><r><account_id>{account_id}</account_id></r>',
        ENTITY_BOMB,
        '<!DOCTYPE r [<!ENTITY a "' + "x" * 30_000 + '">]><r><account_id>' + "&a;" * 8_000 + "</account_id></r>",
        "<Refresh><account_id>&unknown;</account_id></Refresh>",
        *("<Refresh>", "<a></b>", "<Refresh/><Refresh/>", "text", "{account_id}", "<", "<Refresh>&#0;</Refresh>"),
        "<Refresh>" + "<a>" * 32 + "</a>" * 32 + "<account_id>{account_id}</account_id></Refresh>",
        "<a>" * 20_000,
        '<?xml version="1.0" encoding="no-such"?><Refresh><account_id>{account_id}</account_id></Refresh>',
        '<?xml version="1.0" encoding="gb18030"?><Refresh><account_id>{account_id}</account_id></Refresh>',
        "<Refresh><account_id>\x00</account_id></Refresh>",
    ],
    ids=lambda body: body[:40].replace("\x00", "NUL"),
)
async def test_document_types_entities_and_broken_xml_are_malformed_and_quickly_so(seed: Seed, body: str) -> None:
    here = await world(seed)
    began = time.process_time()
    reply = await refresh(here, body)
    assert (reply.status, reply.code) == (400, "MALFORMED_BODY")
    assert time.process_time() - began < 2, "of the processor's time, which others on the machine have no part in"
    state = (await here.caller.client.get(here.fill("/x/accounts/{account_id}/refresh"))).json()
    assert state["is_pending"] is False


@pytest.mark.rule("C-073")
@pytest.mark.parametrize(
    "named",
    [
        '<!DOCTYPE r SYSTEM "{elsewhere}"><r>{good}</r>',
        '<!DOCTYPE r PUBLIC "-//x" "{elsewhere}"><r>{good}</r>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "{elsewhere}">]><r>&x;{good}</r>',
        '<!DOCTYPE r [<!ENTITY % x SYSTEM "{elsewhere}">%x;]><r>{good}</r>',
        '<?xml-stylesheet href="{elsewhere}"?><r>{good}</r>',
        '<r xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{elsewhere}"/>{good}</r>',
        '<r xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="urn:x {elsewhere}">{good}</r>',
    ],
    ids=["dtd", "public dtd", "entity", "parameter entity", "stylesheet", "include", "schema"],
)
async def test_nothing_that_a_document_names_is_fetched(seed: Seed, named: str) -> None:
    here, came = await world(seed), []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as elsewhere:
        url = f"http://127.0.0.1:{elsewhere.sockets[0].getsockname()[1]}/x"
        body = named.replace("{elsewhere}", url).replace("{good}", "<account_id>{account_id}</account_id>")
        reply = await refresh(here, body)
    assert accepted(here, reply) is ("DOCTYPE" not in named)
    assert came == []


@pytest.mark.rule("C-073")
@pytest.mark.parametrize("charset", ["no-such", "utf-7", "rot13", "hex", "%s", "x" * 4000, "idna", "utf-32"])
async def test_an_encoding_that_cannot_be_read_is_malformed(seed: Seed, charset: str) -> None:
    here = await world(seed)
    reply = await refresh(here, SAMPLE, f"text/xml; charset={charset}")
    assert (reply.status, reply.code) == (400, "MALFORMED_BODY")


@pytest.mark.rule("C-074")
async def test_a_missing_an_empty_and_a_second_account_id_are_told_apart(seed: Seed) -> None:
    here = await world(seed)
    for missing in (
        "",
        "<account_id/>",
        "<account_id> \n </account_id>",
        "<x><account_id>{account_id}</account_id></x>",
    ):
        reply = await refresh(here, f"<Refresh>{missing}</Refresh>")
        assert (reply.status, reply.code) == (400, "MISSING_FIELDS")
        assert reply.message == "Request is missing required fields: [account_id]."
    for body in (b"", b"\n"):
        assert (await refresh(here, body)).code == "MISSING_FIELDS"
    twice = "<account_id>{account_id}</account_id>" * 2
    for invalid in (twice, "<account_id/>" * 2, "<account_id>no id</account_id>"):
        reply = await refresh(here, f"<Refresh>{invalid}</Refresh>")
        assert (reply.status, reply.code) == (400, "INVALID_FIELDS")
        assert reply.message == "Request has invalid values for fields: [account_id]."


@pytest.mark.rule("C-042", "C-073")
async def test_xml_over_64_kibibytes_is_413(seed: Seed) -> None:
    here = await world(seed)
    body = here.fill(SAMPLE).encode()
    assert accepted(here, await refresh(here, body + b" " * (64 * 1024 - len(body))))
    reply = await refresh(here, body + b" " * (64 * 1024 + 1 - len(body)))
    assert (reply.status, reply.code) == (413, "payload_too_large")
