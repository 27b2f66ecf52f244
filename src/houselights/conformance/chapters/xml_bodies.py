"""XML bodies of a refresh: C-071 to C-074."""

from houselights.conformance import expect
from houselights.conformance.calls import Reply
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, rule

_TARGET = "/v1/profiles/refresh"
_XML = "application/xml"
_SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<Refresh>
  <account_id>{id}</account_id>
</Refresh>
"""
_ODD = (
    "<anything><account_id>{id}</account_id></anything>",
    '<Refresh xmlns="urn:example"><account_id>{id}</account_id></Refresh>',
    "<!-- a --><Refresh><!-- b --><account_id>{id}<!-- c --></account_id></Refresh>",
    "<Refresh><account_id><![CDATA[{id}]]></account_id></Refresh>",
    '<Refresh a="b"><more><account_id>no</account_id></more><x/><account_id>{id}</account_id></Refresh>',
    "<Refresh><account_id>\n  {id}\t</account_id></Refresh>",
)
_BOMB = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]><r><account_id>&m;</account_id></r>"
)
_QUICK_MS = 2_000


async def _send(kit: Kit, text: str, account_id: str, content_type: str | None = _XML) -> Reply:
    body = text.replace("{id}", account_id).encode()
    return await kit.api.send("POST", _TARGET, body=body, content_type=content_type)


def _accepted(reply: Reply, account_id: str) -> None:
    told = expect.document(reply, 202)
    expect.that(told == {"account_id": account_id}, f"{reply.shown()}: not the answer to JSON")


@rule("C-071", Need.WRITE, Need.CONNECTED)
async def the_sample_is_accepted(kit: Kit) -> str:
    """The XML sample as application/xml, text/xml and untyped is 202 like JSON."""
    account_id = str(kit.account.get("id"))
    for content_type in (_XML, "text/xml", None):
        _accepted(await _send(kit, _SAMPLE, account_id, content_type), account_id)
    return "202 three times"


@rule("C-072", Need.WRITE, Need.CONNECTED)
async def odd_xml_is_accepted(kit: Kit) -> str:
    """another root, a namespace, comments, CDATA, more elements, blanks: 202."""
    account_id = str(kit.account.get("id"))
    for text in _ODD:
        _accepted(await _send(kit, text, account_id), account_id)
    return f"{len(_ODD)} documents"


@rule("C-073")
async def entities_are_malformed(kit: Kit) -> str:
    """XML with a DOCTYPE, an entity bomb, an external entity: 400 MALFORMED_BODY, quickly, no request."""
    box = kit.receiver.box() if kit.has_receiver else None
    trap = box.url if box else "http://127.0.0.1:9/"
    for text in (
        "<!DOCTYPE Refresh><Refresh><account_id>{id}</account_id></Refresh>",
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "{trap}">]><r><account_id>&x;</account_id></r>',
        f'<!DOCTYPE r SYSTEM "{trap}"><r><account_id>{{id}}</account_id></r>',
        _BOMB,
    ):
        reply = await _send(kit, text, kit.new_id())
        expect.refused(reply, 400, "MALFORMED_BODY")
        expect.that(reply.ms < _QUICK_MS, f"POST {_TARGET} took {reply.ms} ms for {text[:60]}")
    if box is None:
        return "four documents; whether an entity was fetched could not be seen without a receiver"
    expect.that(not await box.wait(lambda: bool(box.arrivals), 0.2), "an external entity was fetched")
    return "four documents, nothing fetched"


@rule("C-074")
async def wrong_xml_is_told_apart(kit: Kit) -> str:
    """XML not well-formed: 400 MALFORMED_BODY; element missing or empty: MISSING_FIELDS; twice: INVALID_FIELDS."""
    for text in ("<Refresh>", "<a></b>", "no xml"):
        expect.refused(await _send(kit, text, ""), 400, "MALFORMED_BODY")
    for inner in ("", "<account_id/>", "<account_id>  </account_id>", "<x><account_id>{id}</account_id></x>"):
        reply = await _send(kit, f"<Refresh>{inner}</Refresh>", kit.new_id())
        expect.refused(reply, 400, "MISSING_FIELDS", "account_id")
    twice = "<account_id>{id}</account_id>" * 2
    reply = await _send(kit, f"<Refresh>{twice}</Refresh>", kit.new_id())
    expect.refused(reply, 400, "INVALID_FIELDS", "account_id")
    return "eight documents"
