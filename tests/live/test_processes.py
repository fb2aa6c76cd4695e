"""Signals to a running server, and the death of a worker."""

from __future__ import annotations

import os
import signal

from tests.fakes.running import PATIENCE, Running
from tests.fakes.sink import sink
from tests.fakes.site import Site, Wire, wait_until

MESSAGE = ("MAIL FROM:<joe@client.example>", "RCPT TO:<bob@far.example>", "DATA", "Subject: x\r\n\r\nhello\r\n.")


def towards(port: int) -> str:
    """main.cf that sends mail for far.example to a port."""
    return f"transport_maps = inline:{{far.example=smtp:[127.0.0.1]:{port}}}\n"


def test_the_mail_of_a_killed_worker_goes_on(site: Site) -> None:
    with sink(stalls=1) as far, site.serving(towards(far.port) + "gatepost_workers = 1\n") as server:
        with site.client() as wire:
            assert wire.say(*MESSAGE).startswith("250 2.0.0 Ok: queued as ")
        assert far.stalled.wait(PATIENCE)
        worker = server.workers()[0]
        os.kill(worker, signal.SIGKILL)
        server.wait_for("killed by signal 9")
        (body,) = far.contents(1)
        assert b"\r\nhello\r\n.\r\n" in body
        server.wait_for("status=sent")
        wait_until("an empty queue", lambda: "is empty" in site.queue())
        assert worker not in server.workers()


def test_a_reload_keeps_the_sessions_of_its_ports(site: Site) -> None:
    with site.serving() as server, site.client() as wire:
        assert wire.say("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>") == "250 2.1.5 Ok"
        site.configure("smtpd_banner = $myhostname reloaded\n")
        server.signal(signal.SIGHUP)
        server.wait_for("reload -- version")

        def reloaded() -> bool:
            with Wire(site.port) as other:
                return other.reply() == "220 mx.example reloaded"

        wait_until("the new banner", reloaded)
        assert wire.say("DATA", "Subject: kept\r\n\r\nx\r\n.").startswith("250 2.0.0 Ok: queued as ")
        assert b"Subject: kept" in site.mails(1)[0]


def test_a_reload_with_a_broken_configuration_says_all_that_is_wrong(site: Site) -> None:
    with site.serving() as server:
        site.configure("smtpd_recipient_limit = many\nsmtpd_recipient_restrictions = permit\nsmtpd_helo_required = x\n")
        server.signal(signal.SIGHUP)
        server.wait_for("the old one stays in force")
        said = "\n".join(server.lines)
        for name in ("smtpd_recipient_limit: 'many'", "smtpd_helo_required: 'x'"):
            assert name in said
        with site.client() as wire:
            assert wire.say("MAIL FROM:<joe@client.example>") == "250 2.1.0 Ok"


def test_the_end_waits_for_mail_under_way_and_leaves_nothing_behind(site: Site) -> None:
    with sink() as far:
        with site.serving(towards(far.port)) as server:
            with site.client() as wire:
                assert wire.say(*MESSAGE).startswith("250 2.0.0 Ok: queued as ")
            workers = server.workers()
            assert server.end() == 0
            assert not [pid for pid in workers if _alive(pid)]
        with site.serving(towards(far.port)):
            far.contents(1)
        assert len(far.bodies) == 1


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_log_file_is_opened_again_after_a_rotation(site: Site) -> None:
    logs = site.folder / "log"
    logs.mkdir()
    logs.chmod(0o777)
    log = logs / "maillog"
    site.configure(f"maillog_file = {log}\nmaillog_file_prefixes = {logs}\n")
    server = Running(site.folder)
    try:
        wait_until("the start", lambda: log.exists() and "daemon started" in log.read_text("utf-8"))

        def refused() -> bool:
            with site.client() as wire:
                assert wire.say("MAIL FROM:<a@b.example>", "RCPT TO:<no@elsewhere.example>").startswith("454 4.7.1 ")
            return False

        with site.client() as wire:
            log.rename(logs / "maillog.1")
            assert wire.say("MAIL FROM:<joe@client.example>") == "250 2.1.0 Ok"
            server.signal(signal.SIGHUP)
            wait_until("a new file", lambda: log.exists() and "reload -- version" in log.read_text("utf-8"))
            wait_until("lines of the worker in it", lambda: "NOQUEUE: reject" in log.read_text("utf-8") or refused())
    finally:
        assert server.end() == 0
    assert not [line for line in server.output if "Traceback" in line]
