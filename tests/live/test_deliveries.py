"""Deliveries by a running server: commands and .forward files, a worker that dies, a disk that is full."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes.site import Site, Wire, wait_until

ROOT = os.geteuid() == 0
USER = (
    "nobody" if ROOT else str(subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout).strip()
)
ALIASES = "alias_maps = hash:{folder}/aliases\nmailbox_delivery_lock = fcntl\nmail_spool_directory = {folder}/boxes\n"


def local(site: Site, aliases: str, more: str = "") -> str:
    """main.cf with aliases."""
    (site.folder / "aliases").write_text(aliases.replace("{folder}", str(site.folder)), "utf-8")
    return (ALIASES + more).replace("{folder}", str(site.folder))


def send(site: Site, *recipients: str, number: int = 0) -> str:
    """The reply to a message; empty where the server is gone."""
    with suppress(OSError), site.client() as wire:
        said = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        return wire.say("MAIL FROM:<joe@client.example>", *said, "DATA", f"Number: {number}\r\n\r\nhello\r\n.")
    return ""


def text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def test_an_alias_runs_a_command_without_rights(site: Site) -> None:
    main = local(
        site, 'team: "|(id -un; env; cat) >{folder}/boxes/new.txt; mv {folder}/boxes/new.txt {folder}/boxes/got"\n'
    )
    with site.serving(main) as server:
        assert send(site, "team@mx.example").startswith("250 ")
        server.wait_for("status=sent (delivered to command: (id -un;")
    got = text(site.folder / "boxes" / "got")
    assert got.startswith(f"{USER}\n")
    assert "\nSENDER=joe@client.example\n" in got
    assert "\nDelivered-To: team@mx.example\n" in got
    assert "hello\n" in got


def test_a_users_forward_file_is_followed(site: Site) -> None:
    forward = site.folder / "boxes" / "forward"
    forward.write_text(f"\\{USER}, |/bin/false, x@far.example\n", "utf-8")
    forward.chmod(0o644)
    with site.serving(local(site, "", "forward_path = {folder}/boxes/forward\n")) as server:
        assert send(site, f"{USER}@mx.example").startswith("250 ")
        server.wait_for("status=sent (far.example)")
    log = "\n".join(server.output)
    assert f"to=<{USER}@mx.example>, relay=local" in log
    assert "status=sent (delivered to mailbox)" in log
    assert 'status=bounced (Command died with status 1: "/bin/false")' in log
    assert "hello" in text(site.folder / "boxes" / USER)


def test_a_pipe_transport_hands_mail_to_its_command(site: Site) -> None:
    script = site.folder / "take"
    script.write_text(
        f'#!/bin/sh\nprintf "%s|" "$@" >{site.folder}/boxes/args\ncat >{site.folder}/boxes/got\necho taken\n'
    )
    script.chmod(0o755)
    services = f"take unix - n n - - pipe\n  flags=FR user={USER} argv={script} ${{sender}} {{ to: ${{recipient}} }}\n"
    main = "transport_maps = inline:{far.example=take:hop}\n"
    with site.serving(main, services) as server:
        assert send(site, "a@far.example", '"b;id"@far.example').startswith("250 ")
        for _ in range(2):
            server.wait_for("status=sent (delivered via take service (taken))")
    assert text(site.folder / "boxes" / "args") == "joe@client.example|to: a@far.example|to: b;id@far.example|"
    assert "\nReturn-Path: <joe@client.example>\n" in text(site.folder / "boxes" / "got")


def test_a_command_that_never_ends_is_killed_with_the_server_and_run_again(site: Site) -> None:
    pid = site.folder / "boxes" / "pid"
    main = local(site, "stuck: \"|trap '' TERM; echo $$ >{folder}/boxes/pid; while :; do sleep 1; done\"\n")
    with site.serving(main + "gatepost_stop_limit = 1s\n") as server:
        assert send(site, "stuck@mx.example").startswith("250 ")
        wait_until("the command", lambda: text(pid).strip())
        assert server.end() == 0
        wait_until("its end", lambda: not Path(f"/proc/{text(pid).strip()}").exists())
    first = text(pid)
    with site.serving(main + "command_time_limit = 1s\n") as server:
        server.wait_for("status=bounced (Command time limit exceeded: ")
    assert text(pid) != first


def test_a_maildir_gets_each_message_once_though_workers_die(site: Site) -> None:
    accepted: list[int] = []
    with site.serving() as server:
        for number in range(60):
            if send(site, "ann@box.example", number=number).startswith("250 "):
                accepted.append(number)
            if number in (19, 39):
                for worker in server.workers():
                    with suppress(ProcessLookupError):
                        os.kill(worker, signal.SIGKILL)
                wait_until("new workers", lambda: _serves(site))
        wait_until("an empty queue", lambda: "is empty" in site.queue())
    box = site.folder / "boxes" / "all"
    found = Counter(
        int(numbers[1])
        for path in (box / "new").iterdir()
        if (numbers := re.search(r"^Number: (\d+)$", path.read_text("utf-8"), re.MULTILINE))
    )
    assert set(accepted) <= found.keys()
    assert max(found.values()) == 1
    assert len(accepted) > 30


def _serves(site: Site) -> bool:
    with suppress(OSError), Wire(site.port) as wire:
        return wire.reply().startswith("220 ")
    return False


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system with hardly any room."""
    with tempfile.TemporaryDirectory(prefix="gatepost.") as name:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=1777", "tmpfs", name], check=False)
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


@pytest.mark.skipif(not ROOT, reason="only root mounts file systems")
def test_a_full_disk_leaves_nothing_half_written(site: Site, small_disk: Path) -> None:
    site.folder.chmod(0o755)
    small_disk.chmod(0o1777)
    main = local(site, "", f"mail_spool_directory = {small_disk}\nvirtual_mailbox_base = {small_disk}\n")
    main += "virtual_mailbox_maps = inline:{ann@box.example=dir/}\n"
    box = small_disk / "nobody"
    with site.serving(main) as server:
        assert send(site, "nobody@mx.example", "ann@box.example").startswith("250 ")
        for _ in range(2):
            server.wait_for("status=sent")
        before = box.read_bytes()
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", 0) as stream:
            while stream.write(b"x" * 4096):
                pass
        big = "x" * 5000
        with site.client() as wire:
            wire.say(
                "MAIL FROM:<joe@client.example>", "RCPT TO:<nobody@mx.example>", "RCPT TO:<ann@box.example>", "DATA"
            )
            assert (
                wire.say(
                    f"Subject: big\r\n\r\n{big[:900]}\r\n{big[:900]}\r\n{big[:900]}\r\n{big[:900]}\r\n{big[:900]}\r\n."
                )[:3]
                == "250"
            )
        for _ in range(2):
            server.wait_for("status=deferred")
        said = [line for line in server.output if "status=deferred" in line]
        assert all("dsn=4.3.0" in line and "No space left on device" in line for line in said)
        assert box.read_bytes() == before
        assert [len(list((small_disk / "dir" / name).iterdir())) for name in ("new", "tmp")] == [1, 0]
        filler.unlink()
        site.command("queue", "flush")
        for _ in range(2):
            server.wait_for("status=sent")
    assert box.read_bytes().count(b"Subject: big") == 1
    assert len(list((small_disk / "dir" / "new").iterdir())) == 2
