"""Where the client connects, measured by listeners: a refused target sees no connection at all."""

import pytest

from houselights.outbound.calls import Sent
from houselights.outbound.egress import CONFIGURED, SANDBOX, STRICT
from houselights.outbound.errors import AddressRefused, BadTarget, ConnectFailed, SendFailed

from .listeners import KEEPING, UNSPECIFIED, Names, answering, calling, listening, reply

LITERALS = [
    "127.0.0.1",
    "127.1.2.3",
    UNSPECIFIED,
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
]
SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "0x7f.0.0.1",
    "127.1",
    "127.0.1",
    "00000177.1",
    "0",
    "0.0",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
]
ODD_URLS = [
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1:{port}/a\r\nX-Injected: 1",
    "http://127.0.0.1:{port}/a b",
    "http://127.0.0.1\\@good.example:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127.0.0.1%00.good.example:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[fe80::1%25eth0]:{port}/",
    "http://[::1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "http://a..b:{port}/",
    "http://" + "a" * 64 + ".example:{port}/",
    "http://" + "a." * 1000 + "example:{port}/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:25/",
    "file://127.0.0.1:{port}/etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/",
    "data:text/plain,127.0.0.1:{port}",
    "",
]


@pytest.mark.rule("C-113")
@pytest.mark.parametrize("host", LITERALS)
async def test_a_literal_address_of_this_machine_is_refused_before_any_connection(host: str) -> None:
    async with listening(answering(reply())) as listener, calling(egress=STRICT) as client:
        with pytest.raises(AddressRefused) as refused:
            await client.send("POST", listener.url(host=host), headers={}, body=b"{}")
    assert refused.value.code == "private_address"
    assert listener.connections == 0


@pytest.mark.parametrize("host", SPELLINGS)
async def test_an_odd_spelling_of_this_machine_is_refused_before_any_connection(host: str) -> None:
    async with listening(answering(reply())) as listener, calling(egress=STRICT) as client:
        with pytest.raises((AddressRefused, BadTarget)):
            await client.send("POST", listener.url(host=host), headers={}, body=b"{}")
    assert listener.connections == 0


@pytest.mark.parametrize("url", ODD_URLS)
async def test_a_url_that_can_be_read_in_two_ways_is_not_called_even_where_the_address_is_allowed(url: str) -> None:
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX) as client:
        with pytest.raises(BadTarget):
            await client.send("GET", url.format(port=listener.port), headers={})
    assert listener.connections == 0


@pytest.mark.parametrize("login", ["user:canary-4711@", "canary-4711@", ":canary-4711@"])
async def test_credentials_in_a_url_are_refused_and_not_repeated(login: str) -> None:
    async with listening(answering(reply())) as listener, calling() as client:
        with pytest.raises(BadTarget) as refused:
            await client.send("GET", listener.url(host=f"{login}127.0.0.1"), headers={})
    assert refused.value.code == "credentials_in_url"
    assert "canary" not in repr(refused.value)
    assert listener.connections == 0


async def test_a_header_cannot_carry_another_header() -> None:
    async with listening(answering(reply())) as listener, calling() as client:
        with pytest.raises(BadTarget) as refused:
            await client.send("GET", listener.url(), headers={"X-One": "1\r\nX-Two: canary-4711"})
    assert refused.value.code == "bad_header"
    assert "canary" not in repr(refused.value)
    assert listener.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "LocalHost"])
async def test_a_sandbox_application_reaches_a_receiver_on_this_machine(host: str) -> None:
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX) as client:
        sent = await client.send("POST", listener.url(host=host), headers={}, body=b"{}")
    assert sent.status == 200
    assert listener.connections == 1


@pytest.mark.parametrize(
    "addresses",
    [[UNSPECIFIED], ["127.0.0.1", UNSPECIFIED], [UNSPECIFIED, "127.0.0.1"], ["::1", "::"], ["::", "::1", "127.0.0.1"]],
)
@pytest.mark.rule("C-113")
async def test_a_name_with_any_refused_address_is_refused_whichever_would_answer_first(addresses: list[str]) -> None:
    names = Names(hooks_example=[addresses])
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX, resolver=names) as client:
        with pytest.raises(AddressRefused):
            await client.send("POST", listener.url(host="hooks.example"), headers={}, body=b"{}")
    assert listener.connections == 0


async def test_a_name_of_several_allowed_addresses_is_reached_by_the_one_that_answers() -> None:
    names = Names(hooks_example=[["127.0.0.9", "::1", "127.0.0.1"]])
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX, resolver=names) as client:
        sent = await client.send("POST", listener.url(host="hooks.example"), headers={}, body=b"{}")
    assert sent.status == 200
    assert listener.connections == 1


async def test_an_answer_that_is_no_address_is_refused() -> None:
    names = Names(hooks_example=[["localhost"]])
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX, resolver=names) as client:
        with pytest.raises(AddressRefused):
            await client.send("POST", listener.url(host="hooks.example"), headers={}, body=b"{}")
    assert listener.connections == 0


@pytest.mark.parametrize("answers", [[[]], []])
async def test_a_name_that_leads_nowhere_is_not_found(answers: list[list[str]]) -> None:
    names = Names(hooks_example=answers)
    async with calling(resolver=names) as client:
        with pytest.raises(ConnectFailed) as failed:
            await client.send("GET", "http://hooks.example/", headers={})
    assert failed.value.code == "dns_failed"


async def test_a_name_that_changes_its_address_is_judged_at_every_connect() -> None:
    turns = 60
    names = Names(hooks_example=[["127.0.0.1"], [UNSPECIFIED]] * turns)
    reached = refused = 0
    async with listening(answering(reply())) as listener, calling(egress=SANDBOX, resolver=names) as client:
        for _ in range(2 * turns):
            try:
                await client.send("POST", listener.url(host="hooks.example"), headers={}, body=b"{}")
                reached += 1
            except AddressRefused:
                refused += 1
    assert (reached, refused) == (turns, turns)
    assert listener.connections == turns


async def test_a_kept_connection_was_checked_and_the_next_one_is_checked_again() -> None:
    names = Names(hooks_example=[["127.0.0.1"], [UNSPECIFIED]])
    closing = reply(b"bye", "200 OK", "Connection: close")
    async with (
        listening(answering(reply(), closing)) as listener,
        calling(KEEPING, SANDBOX, names) as client,
    ):
        url = listener.url(host="hooks.example")
        await client.send("GET", url, headers={})
        assert (await client.send("GET", url, headers={})).body == b"bye"
        assert (listener.connections, names.asked) == (1, 1)
        with pytest.raises(AddressRefused):
            await client.send("GET", url, headers={})
    assert (listener.connections, names.asked) == (1, 2)


async def test_a_connection_kept_by_one_purpose_is_not_used_by_another() -> None:
    async with (
        listening(answering(reply())) as listener,
        calling(KEEPING, SANDBOX) as sandbox,
        calling(KEEPING, STRICT) as strict,
    ):
        await sandbox.send("GET", listener.url(), headers={})
        with pytest.raises(AddressRefused):
            await strict.send("GET", listener.url(), headers={})
    assert listener.connections == 1


async def test_a_host_opened_by_the_operator_is_reached_and_its_neighbour_is_not() -> None:
    names = Names(hooks_internal=[["127.0.0.1"]], other_internal=[["127.0.0.1"]])
    egress = STRICT.opened(["hooks.internal"])
    async with listening(answering(reply())) as listener, calling(KEEPING, egress, names) as client:
        assert (await client.send("GET", listener.url(host="hooks.internal"), headers={})).status == 200
        with pytest.raises(AddressRefused):
            await client.send("GET", listener.url(host="other.internal"), headers={})
    assert listener.connections == 1


async def test_a_configured_client_calls_what_stays_under_its_base_url_only() -> None:
    async with (
        listening(answering(reply())) as platform,
        listening(answering(reply())) as other,
        calling(egress=CONFIGURED) as client,
    ):
        base = platform.url("/instagram/graph.facebook.com")
        assert (await client.send("GET", base + "/v26.0/me", headers={}, base=base)).status == 200
        for url in (other.url("/v26.0/me"), platform.url("/", host="localhost"), platform.url("/", scheme="https")):
            with pytest.raises(BadTarget):
                await client.send("GET", url, headers={}, base=base)
        with pytest.raises(BadTarget):
            await client.send("GET", base, headers={})
    assert (platform.connections, other.connections) == (1, 0)


@pytest.mark.rule("C-106")
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_the_reply_and_nobody_follows_it(status: str) -> None:
    async with listening(answering(reply())) as goal:
        redirect = reply(b"", status, f"Location: {goal.url()}")
        async with listening(answering(redirect)) as listener, calling() as client:
            sent = await client.send("POST", listener.url(), headers={}, body=b"{}")
    assert sent.status == int(status[:3])
    assert (listener.connections, goal.connections) == (1, 0)


async def test_proxies_and_credentials_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password canary-4711\n")
    monkeypatch.setenv("NETRC", str(netrc))
    requests: list[bytes] = []
    async with (
        listening(answering(reply())) as proxy,
        listening(answering(reply(), requests=requests)) as listener,
        calling() as client,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        await client.send("GET", listener.url(), headers={})
    assert (listener.connections, proxy.connections) == (1, 0)
    assert b"authorization" not in requests[0].lower()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/canary-path?token=canary-4711", "http://[::1]:{port}/?a=canary"]
)
async def test_no_error_repeats_path_or_query_not_even_in_its_causes(url: str) -> None:
    failures: list[SendFailed] = []
    async with listening(answering(b"canary nonsense\r\n\r\n")) as listener:
        at = url.format(port=listener.port)
        for egress in (STRICT, SANDBOX, CONFIGURED):
            async with calling(egress=egress) as client:
                with pytest.raises(SendFailed) as failed:
                    await client.send("POST", at, headers={"X-Key": "canary"}, body=b"canary")
                failures.append(failed.value)
    async with calling() as client:
        with pytest.raises(SendFailed) as failed:
            await client.send("POST", at, headers={})
        failures.append(failed.value)
    assert [failure.code for failure in failures] == [
        "private_address",
        "bad_reply",
        "unlisted_origin",
        "connect_failed",
    ]
    for failure in failures:
        link: BaseException | None = failure
        while link is not None:
            assert "canary" not in str(link) + repr(link)
            link = link.__cause__ or link.__context__


def test_a_reply_prints_its_size_and_not_its_body() -> None:
    assert repr(Sent(200, {"x-token": "canary"}, b"canary", 3)) == "Sent(200, 6 bytes)"
