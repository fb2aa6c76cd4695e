"""Much of everything: connections, octets, recipients, one header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.fakes.running import Running
from tests.fakes.sink import Sink, sink
from tests.fakes.site import Site, Wire, memory, wait_until

MEGABYTE = 1024 * 1024

START = ("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>", "DATA")


def test_idle_connections_cost_little_and_stop_nobody(site: Site) -> None:
    with site.serving("smtpd_client_connection_count_limit = 0\n") as server, ExitStack() as stack:
        worker = server.workers()[0]
        before = memory(worker)
        crowd = [stack.enter_context(Wire(site.port)) for _ in range(200)]
        assert all(wire.reply().startswith("220 ") for wire in crowd)
        assert memory(worker) - before < 20 * MEGABYTE
        with site.client() as wire:
            assert wire.say(*START, "Subject: x\r\n\r\nx\r\n.").startswith("250 2.0.0 ")
        site.mails(1)
        assert all(wire.say("NOOP") == "250 2.0.0 Ok" for wire in crowd)


def test_a_message_of_50_megabytes_is_never_in_memory(site: Site) -> None:
    line = b"x" * 998 + b"\r\n"
    text = "message_size_limit = 60000000\nvirtual_mailbox_limit = 0\n"
    with sending(site, text) as (server, far):
        worker = server.workers()[0]
        before = memory(worker)
        with site.client() as wire:
            wire.say("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>", "RCPT TO:<bob@far.example>", "DATA")
            wire.send(b"Subject: large\r\n\r\n")
            for _ in range(500):
                wire.send(line * 100)
            assert wire.say(".").startswith("250 2.0.0 ")
        (body,) = far.contents(1)
        assert len(body) > 50_000_000
        (mail,) = site.mails(1)
        assert mail.count(b"x" * 998 + b"\n") == 50_000
        grown = memory(worker, "VmHWM") - before
        assert grown < 25 * MEGABYTE, grown


@contextmanager
def sending(site: Site, text: str = "") -> Iterator[tuple[Running, Sink]]:
    """The server with a way to far.example."""
    with sink() as far:
        route = f"transport_maps = inline:{{far.example=smtp:[127.0.0.1]:{far.port}}}\n"
        with site.serving(route + text) as server:
            yield server, far


def test_a_thousand_recipients(site: Site) -> None:
    with sending(site) as (_, far):
        with site.client() as wire:
            wire.say("MAIL FROM:<joe@client.example>")
            commands = b"".join(b"RCPT TO:<r%d@far.example>\r\n" % number for number in range(1001))
            wire.send(commands)
            replies = [wire.reply() for _ in range(1001)]
            assert replies[:1000] == ["250 2.1.5 Ok"] * 1000
            assert replies[1000] == "452 4.5.3 Error: too many recipients"
            assert wire.say("DATA", "Subject: x\r\n\r\nx\r\n.").startswith("250 2.0.0 ")
        assert len(far.contents(20)) == 20
        told = {command for command in far.commands if command.startswith("RCPT")}
        assert {f"RCPT TO:<r{number}@far.example>" for number in range(1000)} == told
        wait_until("an empty queue", lambda: "is empty" in site.queue())


def test_a_header_of_a_megabyte(site: Site) -> None:
    with site.serving() as server:
        worker = server.workers()[0]
        before = memory(worker)
        with site.client() as wire:
            wire.say(*START)
            wire.send(
                b"Subject: start\r\nX-Long: " + b"y" * MEGABYTE + b"\r\nTo: " + b"a@b.example, " * 80_000 + b"\r\n"
            )
            wire.send(b"X-Folded: a\r\n" + b" b\r\n" * 250_000 + b"X-Last: z\r\n\r\nbody\r\n.\r\n")
            assert wire.reply().startswith("250 2.0.0 ")
        (mail,) = site.mails(1)
        assert b"\nX-Last: z\n\nbody\n" in mail
        assert memory(worker, "VmHWM") - before < 40 * MEGABYTE
        assert [worker, *server.workers()[1:]] == server.workers()
