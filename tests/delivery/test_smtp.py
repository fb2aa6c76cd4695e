"""The agent against scripted servers on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.delivery.rules import ClientRules, LoginRules
from gatepost.delivery.simple import SimpleAgent, Verdict
from gatepost.delivery.smtp import SmtpAgent
from gatepost.delivery.surroundings import Surroundings
from gatepost.delivery.tlspolicy import TlsRules
from gatepost.mail.delivery import Agent, Job, Result, Status
from gatepost.mail.envelope import Envelope, Origin, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client_values import Dialect, Stage
from gatepost.tls.client import ClientTls
from gatepost.tls.policy import Level, PolicyRules
from tests.fakes.certificates import issue
from tests.fakes.jobs import CONTENT, job
from tests.fakes.oracle import FakeOracle
from tests.fakes.peer import FakePeer
from tests.fakes.tls import read

RULES = ClientRules(name="mx.ohio.net", families=("A",))
IMPATIENT = replace(RULES, timeouts=dict.fromkeys(Stage, 0.05))


class World:
    """An agent with its surroundings; `lines` is what it logged."""

    def __init__(
        self, zone: Mapping[str, str] | None = None, tables: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.oracle = FakeOracle(tables, zone)
        self.events: list[Event] = []
        self.own = OwnAddresses()
        self.tls: ClientTls | None = None

    async def deliver(self, work: Job, rules: ClientRules = RULES) -> list[Result]:
        surroundings = Surroundings(lambda: self.oracle, lambda _: self.events.append, self.own)
        return sorted(await SmtpAgent(rules, surroundings, self.tls).deliver(work), key=lambda result: result.row)

    @property
    def lines(self) -> list[str]:
        return [text(event) for event in self.events]


def at(peer: FakePeer) -> str:
    return f"[{peer.address}]:{peer.port}"


def label(peer: FakePeer) -> str:
    return f"{peer.address}[{peer.address}]"


def test_mail_is_sent_to_a_host_in_brackets() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            (result,) = await World().deliver(job("b@b.example", nexthop=at(peer)))
            assert (result.status, result.dsn, result.text) == (Status.SENT, "2.0.0", "250 2.0.0 taken")
            assert result.relay == f"127.0.0.1[127.0.0.1]:{peer.port}"
            assert (result.relayed, result.remote_takes_dsn) == (True, True)
            assert result.connection_setup >= 0
            assert peer.mails == [CONTENT]

    asyncio.run(main())


def test_recipients_are_named_by_domain_and_then_by_name() -> None:
    async def main() -> None:
        async with FakePeer(offers=()) as peer:
            await World().deliver(job("joe@b.example", "Ann@b.example", "zoe@a.example", nexthop=at(peer)))
            named = [line for line in peer.commands if line.startswith("RCPT")]
            assert named == ["RCPT TO:<zoe@a.example>", "RCPT TO:<Ann@b.example>", "RCPT TO:<joe@b.example>"]

    asyncio.run(main())


def test_each_recipient_has_its_own_result() -> None:
    async def main() -> None:
        replies = {"RCPT TO:<c@b.example> ORCPT=rfc822;c@b.example": "450 4.7.1 later"}
        async with FakePeer(replies=replies) as peer:
            sent, deferred = await World().deliver(job("b@b.example", "c@b.example", nexthop=at(peer)))
            assert (sent.status, deferred.status) == (Status.SENT, Status.DEFERRED)
            assert deferred.text == f"host {label(peer)} said: 450 4.7.1 later (in reply to RCPT TO command)"
            assert (deferred.remote_reply, deferred.remote_host) == ("450 4.7.1 later", "127.0.0.1")
            assert not deferred.destination_failed

    asyncio.run(main())


STALLS = [
    ("CONNECT", "receiving the initial server greeting"),
    ("EHLO", "performing the EHLO handshake"),
    ("MAIL", "sending MAIL FROM"),
    ("RCPT", "sending RCPT TO"),
    ("DATA", "sending DATA command"),
    (".", "sending end of data -- message may be sent more than once"),
]


@pytest.mark.parametrize(("point", "doing"), STALLS)
@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
def test_a_server_that_stalls_is_given_up(point: str, doing: str, offers: tuple[str, ...]) -> None:
    async def main() -> None:
        async with FakePeer(stalls_at=point, offers=offers) as peer:
            (result,) = await World().deliver(job("b@b.example", nexthop=at(peer)), IMPATIENT)
            assert (result.status, result.dsn) == (Status.DEFERRED, "4.4.2")
            assert result.text == f"conversation with {label(peer)} timed out while {doing}"

    asyncio.run(main())


@pytest.mark.parametrize(("point", "doing"), STALLS)
def test_a_server_that_hangs_up_is_told_of(point: str, doing: str) -> None:
    async def main() -> None:
        async with FakePeer(hangs_up_at=point, offers=()) as peer:
            (result,) = await World().deliver(job("b@b.example", nexthop=at(peer)))
            assert (result.dsn, result.text) == ("4.4.2", f"lost connection with {label(peer)} while {doing}")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"stalls_at": "BODY"}, "conversation with {0} timed out while sending message body"),
        ({"hangs_up_at": "BODY"}, "lost connection with {0} while sending message body"),
    ],
)
def test_a_server_that_does_not_read_the_content(how: dict[str, str], words: str) -> None:
    """Enough content to fill every buffer on the way."""

    async def main() -> None:
        async with FakePeer(**how) as peer:  # type: ignore[arg-type]  # one keyword or the other
            work = job("b@b.example", nexthop=at(peer), content=b"x" * 70 + b"\r\n" * 20_000_000)
            (result,) = await World().deliver(work, IMPATIENT if "stalls_at" in how else RULES)
            assert (result.dsn, result.text) == ("4.4.2", words.format(label(peer)))

    asyncio.run(main())


def test_a_server_that_stalls_at_the_goodbye_delays_nothing() -> None:
    async def main() -> None:
        async with FakePeer(stalls_at="QUIT") as peer:
            rules = replace(RULES, skip_quit_reply=False)
            (result,) = await World().deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert result.status is Status.SENT

    asyncio.run(main())


# Which host


def test_a_refused_connection_says_so_twice() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            port = peer.port
        world = World()
        (result,) = await world.deliver(job("b@b.example", nexthop=f"[127.0.0.1]:{port}"))
        words = f"connect to 127.0.0.1[127.0.0.1]:{port}: Connection refused"
        assert (result.status, result.dsn, result.text) == (Status.DEFERRED, "4.4.1", words)
        assert (result.relay, result.destination_failed) == ("none", True)
        assert world.lines == [words]

    asyncio.run(main())


async def two_hosts(first: FakePeer, second: FakePeer) -> tuple[World, FakePeer, FakePeer]:
    """Two exchangers on one port: 127.0.0.1 is better than 127.0.0.2."""
    await first.__aenter__()
    second.address, second.port = "127.0.0.2", first.port
    await second.__aenter__()
    zone = {
        "b.example": "MX 10 one.example; MX 20 two.example",
        "one.example": "A 127.0.0.1",
        "two.example": "A 127.0.0.2",
    }
    return World(zone), first, second


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"replies": {"CONNECT": "554 busy"}}, "refused to talk to me: 554 busy"),
        ({"replies": {"RCPT": "450 greylisted"}}, "said: 450 greylisted (in reply to RCPT TO command)"),
        ({"replies": {"MAIL": "451 later"}}, "said: 451 later (in reply to MAIL FROM command)"),
        ({"replies": {".": "451 later"}}, "said: 451 later (in reply to end of DATA command)"),
    ],
)
def test_the_next_exchanger_may_do_better(how: dict[str, Mapping[str, str]], line: str) -> None:
    async def main() -> None:
        world, first, second = await two_hosts(FakePeer(**how), FakePeer())  # type: ignore[arg-type]  # a table of keywords
        (result,) = await world.deliver(job("b@b.example", nexthop=f"b.example:{first.port}"))
        assert result.status is Status.SENT
        assert result.relay == f"two.example[127.0.0.2]:{second.port}"
        assert world.lines == [f"4Xyz: host one.example[127.0.0.1] {line}"]
        await second.__aexit__(None, None, None)
        await first.__aexit__(None, None, None)

    asyncio.run(main())


def test_a_permanent_refusal_is_not_taken_elsewhere() -> None:
    async def main() -> None:
        world, first, second = await two_hosts(FakePeer(replies={"RCPT": "550 no"}), FakePeer())
        (result,) = await world.deliver(job("b@b.example", nexthop=f"b.example:{first.port}"))
        assert result.status is Status.BOUNCED
        assert second.connections == 0
        await second.__aexit__(None, None, None)
        await first.__aexit__(None, None, None)

    asyncio.run(main())


def test_the_number_of_sessions_is_limited() -> None:
    async def main() -> None:
        world, first, second = await two_hosts(FakePeer(replies={"MAIL": "451 later"}), FakePeer())
        work = job("b@b.example", nexthop=f"b.example:{first.port}")
        (result,) = await world.deliver(work, replace(RULES, mx_session_limit=1))
        assert (result.status, result.relay) == (Status.DEFERRED, f"one.example[127.0.0.1]:{first.port}")
        assert second.connections == 0
        await second.__aexit__(None, None, None)
        await first.__aexit__(None, None, None)

    asyncio.run(main())


def test_the_fallback_is_the_last_resort() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            rules = replace(RULES, fallback=at(peer))
            (result,) = await World({"b.example": "SERVFAIL"}).deliver(job("b@b.example", nexthop="b.example"), rules)
            assert result.status is Status.SENT

    asyncio.run(main())


@pytest.mark.parametrize(
    ("nexthop", "status", "dsn", "words"),
    [
        ("null.example", Status.BOUNCED, "5.1.0", "Domain null.example does not accept mail (nullMX)"),
        ("", Status.DEFERRED, "4.3.5", "Server configuration error: no next hop"),
        ("[127.0.0.1]:nonsense", Status.DEFERRED, "4.3.5", "Server configuration error: unknown service: nonsense/tcp"),
    ],
)
def test_next_hops_that_lead_nowhere(nexthop: str, status: Status, dsn: str, words: str) -> None:
    async def main() -> None:
        (result,) = await World({"null.example": "MX 0 ."}).deliver(job("b@b.example", nexthop=nexthop))
        assert (result.status, result.dsn, result.text) == (status, dsn, words)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("rules", "nexthop", "line"),
    [
        (replace(RULES, relayhost="null.example"), "null.example", "warning: relayhost configuration problem"),
        (
            replace(RULES, fallback="null.example"),
            "[127.0.0.1]:1",
            "warning: smtp_fallback_relay configuration problem",
        ),
    ],
)
def test_a_relay_of_ours_that_cannot_be_makes_mail_wait(rules: ClientRules, nexthop: str, line: str) -> None:
    async def main() -> None:
        world = World({"null.example": "MX 0 ."})
        (result,) = await world.deliver(job("b@b.example", nexthop=nexthop), rules)
        assert (result.status, result.dsn) == (Status.DEFERRED, "4.3.5")
        assert line in world.lines

    asyncio.run(main())


@pytest.mark.parametrize(
    ("transport", "status", "words"),
    [("ours:here", Status.SENT, "here"), ("gone", Status.DEFERRED, "mail transport unavailable")],
)
def test_a_domain_that_turns_out_to_be_ours(transport: str, status: Status, words: str) -> None:
    async def main() -> None:
        oracle = FakeOracle(zone={"b.example": "MX 10 mx.b.example", "mx.b.example": "A 127.0.0.9"})
        surroundings = Surroundings(lambda: oracle, lambda _: lambda _: None, OwnAddresses(frozenset({"127.0.0.9"})))
        others = {"ours": Agent(SimpleAgent(Verdict.DISCARD), "discard")}
        agent = SmtpAgent(replace(RULES, best_mx_transport=transport), surroundings, None, others)
        (result,) = await agent.deliver(job("b@b.example", nexthop="b.example"))
        assert (result.status, result.text) == (status, words)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("told", "tells", "address"),
    [
        (["XFORWARD ADDR=127.0.0.9", "XFORWARD IDENT=4Xyz SOURCE=REMOTE"], True, "127.0.0.9"),
        (["XFORWARD ADDR=127.0.0.1", "XFORWARD IDENT=4Xyz SOURCE=LOCAL"], True, "127.0.0.1"),
        ([], False, "127.0.0.9"),
    ],
)
def test_servers_are_told_of_the_origin_where_that_is_configured(told: list[str], tells: bool, address: str) -> None:
    async def main() -> None:
        async with FakePeer(offers=("XFORWARD ADDR IDENT SOURCE",), replies={"XFORWARD": "250 ok"}) as peer:
            recipient = Recipient("b@b.example", "b@b.example")
            origin = Origin(f"unknown[{address}]", "unknown", address)
            world = World()
            world.own = OwnAddresses(frozenset({"127.0.0.1"}))
            work = job(recipient, nexthop=at(peer), envelope=Envelope("a@a.example", (recipient,), origin=origin))
            (result,) = await world.deliver(work, replace(RULES, tells_origin=tells))
            assert result.status is Status.SENT
            assert told == [line for line in peer.commands if line.startswith("XFORWARD")]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("dsn", "words", "lines"),
    [
        ("4.7.1", "450 4.7.1 wait", ['{}: replacing server reply "550 5.7.1 wait" with "450 4.7.1 wait"']),
        ("5.7.1", "550 5.7.1 never", []),
    ],
)
def test_replies_can_be_filtered(dsn: str, words: str, lines: list[str]) -> None:
    async def main() -> None:
        said = words if not lines else "550 5.7.1 wait"
        async with FakePeer(replies={"RCPT": said}) as peer:
            world = World(tables={"pcre:/f": {"550 5.7.1 wait": "450 4.7.1 wait"}})
            rules = replace(RULES, reply_filter=("pcre:/f",), skip_quit_reply=False)
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert (result.dsn, result.text) == (
                dsn,
                f"host {label(peer)} said: {words} (in reply to RCPT TO command)",
            )
            assert world.lines == [line.format(f"{label(peer)}:{peer.port}") for line in lines]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("dsn", "words", "action"),
    [
        ("4.7.0", "Error looking up name=b.example type=A: DNS reply filter drops all results", "IGNORE"),
        ("4.4.3", "Error looking up name=b.example type=A: Invalid DNS reply filter syntax", "WHAT"),
    ],
)
def test_a_filter_of_dns_answers_may_leave_nothing(dsn: str, words: str, action: str) -> None:
    async def main() -> None:
        tables = {"pcre:/f": {"b.example. 0 IN A 127.0.0.1": action}}
        world = World({"b.example": "A 127.0.0.1"}, tables)
        (result,) = await world.deliver(
            job("b@b.example", nexthop="[b.example]"), replace(RULES, dns_filter=("pcre:/f",))
        )
        assert (result.status, result.dsn, result.text) == (Status.DEFERRED, dsn, words)

    asyncio.run(main())


def test_a_filter_that_fails_defers() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            world = World()
            rules = replace(RULES, reply_filter=("pcre:/gone",))
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert (result.dsn, result.text) == ("4.3.0", f"local data error while talking to {label(peer)}")
            line = f"warning: {label(peer)}:{peer.port}: table pcre:/gone lookup error for 220 peer.example ESMTP"
            assert world.lines == [line]

    asyncio.run(main())


# LMTP


def test_lmtp_over_a_unix_socket(tmp_path: Path) -> None:
    async def main() -> None:
        path = str(tmp_path / "lmtp")
        async with FakePeer(path=path) as peer:
            rules = replace(RULES, dialect=Dialect.LMTP, queue_directory=str(tmp_path))
            (result,) = await World().deliver(job("b@b.example", nexthop="unix:lmtp"), rules)
            assert (result.status, result.relay) == (Status.SENT, f"mx.ohio.net[{path.rsplit('/', 1)[1]}]")
            assert peer.commands[0] == "LHLO mx.ohio.net"

    asyncio.run(main())


# Content


@pytest.mark.parametrize(("offers", "encoding"), [(("8BITMIME",), b"8bit"), ((), b"quoted-printable")])
def test_8bit_content_is_converted_for_old_servers(offers: tuple[str, ...], encoding: bytes) -> None:
    async def main() -> None:
        async with FakePeer(offers=offers) as peer:
            recipient = Recipient("b@b.example", "b@b.example")
            work = job(
                recipient,
                nexthop=at(peer),
                content="Content-Transfer-Encoding: 8bit\r\n\r\nü\r\n".encode(),
                envelope=Envelope("a@a.example", (recipient,), body_8bit=True),
            )
            await World().deliver(work)
            assert encoding in peer.mails[0]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("address", "content", "status"),
    [
        ("b@b.example", CONTENT, Status.SENT),
        ("b@b.example", b"X: y\r\n\r\n\xc3\xbc\r\n", Status.SENT),
        ("b@b.example", "X: ü\r\n\r\n".encode(), Status.BOUNCED),
        ("ö@b.example", CONTENT, Status.BOUNCED),
    ],
)
def test_smtputf8_is_insisted_on_only_where_it_is_needed(address: str, content: bytes, status: Status) -> None:
    async def main() -> None:
        async with FakePeer(offers=("8BITMIME",)) as peer:
            recipient = Recipient(address, address)
            envelope = Envelope("a@a.example", (recipient,), smtputf8=True)
            (result,) = await World().deliver(job(recipient, nexthop=at(peer), content=content, envelope=envelope))
            assert result.status is status

    asyncio.run(main())


# TLS and login


def server_context(tmp_path: Path) -> ssl.SSLContext:
    path = tmp_path / "server.pem"
    path.write_bytes(issue("mx.example").both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def client_tls(more: str = "") -> ClientTls:
    settings = Settings.parse(f"smtp_tls_security_level = may\nsmtp_tls_loglevel = 1\n{more}")
    return ClientTls.build(settings, read=read)


@pytest.mark.parametrize(("more", "state"), [("", "Untrusted"), ("smtp_tls_CAfile = ca.pem", "Trusted")])
def test_tls_is_used_where_it_is_offered(tmp_path: Path, more: str, state: str) -> None:
    async def main() -> None:
        async with FakePeer(tls=server_context(tmp_path)) as peer:
            world = World()
            world.tls = client_tls(more)
            (result,) = await world.deliver(
                job("b@b.example", nexthop=at(peer)), replace(RULES, tls=TlsRules(PolicyRules(level=Level.MAY)))
            )
            assert result.status is Status.SENT
            assert peer.commands[:3] == ["EHLO mx.ohio.net", "STARTTLS", "EHLO mx.ohio.net"]
            assert peer.mails == [CONTENT]
            (line,) = world.lines
            assert line.startswith(f"{state} TLS connection established to {label(peer)}:{peer.port}: TLSv1")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("waited", "level", "status"),
    [
        (0.0, Level.MAY, Status.DEFERRED),
        (300.0, Level.MAY, Status.SENT),
        (300.0, Level.ENCRYPT, Status.DEFERRED),
    ],
)
def test_tls_that_is_broken_is_done_without_after_a_while(waited: float, level: Level, status: Status) -> None:
    async def main() -> None:
        async with FakePeer(offers=("STARTTLS",), replies={"STARTTLS": "220 go"}) as peer:
            world = World()
            world.tls = client_tls()
            work = job("b@b.example", nexthop=at(peer), waited=waited)
            (result,) = await world.deliver(work, replace(RULES, tls=TlsRules(PolicyRules(level=level))))
            assert result.status is status
            if status is Status.DEFERRED:
                assert (result.dsn, result.text) == ("4.7.5", "Cannot start TLS: handshake failure")
                assert result.destination_failed is (level is not Level.MAY)
            assert world.lines[0].startswith(f"SSL_connect error to {label(peer)}:{peer.port}: ")

    asyncio.run(main())


def test_a_handshake_that_stalls_is_given_up() -> None:
    async def main() -> None:
        async with FakePeer(offers=("STARTTLS",), replies={"STARTTLS": "220 go"}, stalls_at="AUTH") as peer:
            world = World()
            world.tls = client_tls()
            rules = replace(IMPATIENT, tls=TlsRules(PolicyRules(level=Level.ENCRYPT)))
            peer.replies["\x16"] = ""
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert result.dsn == "4.7.5"

    asyncio.run(main())


def test_a_level_that_asks_for_verification_never_gets_less(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakePeer(tls=server_context(tmp_path)) as peer:
            world = World()
            world.tls = client_tls()
            rules = replace(RULES, tls=TlsRules(PolicyRules(level=Level.VERIFY)))
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert (result.dsn, result.text) == ("4.7.5", "Server certificate not verified")
            assert peer.mails == []

    asyncio.run(main())


def test_tls_may_come_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakePeer(tls=server_context(tmp_path), tls_first=True) as peer:
            world = World()
            world.tls = client_tls()
            rules = replace(RULES, tls=TlsRules(PolicyRules(level=Level.ENCRYPT), wrapped=True))
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert result.status is Status.SENT
            assert "STARTTLS" not in peer.commands

    asyncio.run(main())


def test_extensions_of_a_server_can_be_overlooked() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            world = World(tables={"cidr:/hidden": {"127.0.0.1": "dsn, pipelining"}})
            await world.deliver(job("b@b.example", nexthop=at(peer)), replace(RULES, discard_maps=("cidr:/hidden",)))
        assert "RCPT TO:<b@b.example>" in peer.commands

    asyncio.run(main())


@pytest.mark.parametrize("by_host", [False, True])
def test_the_login_is_found_by_next_hop_or_host(*, by_host: bool) -> None:
    async def main() -> None:
        async with FakePeer(offers=("AUTH PLAIN LOGIN",), replies={"AUTH": "235 ok"}) as peer:
            world = World(tables={"hash:/logins": {"127.0.0.1" if by_host else at(peer): "u:p:q"}})
            rules = replace(RULES, login=LoginRules(enabled=True, password_maps=("hash:/logins",)))
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert result.status is Status.SENT
            assert "AUTH PLAIN AHUAcDpx" in peer.commands

    asyncio.run(main())


def test_a_refused_login_defers() -> None:
    async def main() -> None:
        async with FakePeer(offers=("AUTH PLAIN",), replies={"AUTH": "535 5.7.8 bad credentials"}) as peer:
            world = World(tables={"hash:/logins": {at(peer): "u:wrong"}})
            rules = replace(RULES, login=LoginRules(enabled=True, password_maps=("hash:/logins",)))
            (result,) = await world.deliver(job("b@b.example", nexthop=at(peer)), rules)
            words = f"SASL authentication failed; server {label(peer)} said: 535 5.7.8 bad credentials"
            assert (result.status, result.dsn, result.text) == (Status.DEFERRED, "4.7.8", words)
            assert result.relay == f"{label(peer)}:{peer.port}"
        assert peer.commands[-1] == "QUIT"

    asyncio.run(main())


def test_a_table_that_fails_defers() -> None:
    async def main() -> None:
        async with FakePeer() as peer:
            rules = replace(RULES, login=LoginRules(enabled=True, password_maps=("hash:/gone",)))
            (result,) = await World().deliver(job("b@b.example", nexthop=at(peer)), rules)
            assert (result.dsn, result.text) == ("4.3.0", "hash:/gone lookup error")
            assert peer.connections == 0

    asyncio.run(main())
