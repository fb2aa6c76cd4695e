"""What was answered with 250 survives the death of everything, and a full disk loses nothing."""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.configurations import free_port
from tests.peers.machines import Gatepost, client, maildir, wait_for

ROUNDS = 50


def _parameters(folder: Path) -> dict[str, str]:
    boxes = folder / "boxes"
    boxes.mkdir()
    boxes.chmod(0o777)
    return {
        "virtual_mailbox_domains": "box.example",
        "virtual_mailbox_base": str(boxes),
        "virtual_mailbox_maps": "inline:{ann@box.example=ann/}",
        "virtual_uid_maps": "static:65534",
        "virtual_gid_maps": "static:65534",
        "virtual_minimum_uid": "1",
    }


def test_fifty_kills_right_after_the_250_lose_nothing(folder: Path) -> None:
    port = free_port()
    server = Gatepost(folder, parameters=_parameters(folder), services={f"127.0.0.1:{port}": {}})
    for number in range(ROUNDS):
        server.start()
        session = smtplib.SMTP("127.0.0.1", port, timeout=30)
        session.sendmail("a@b.example", ["ann@box.example"], f"Subject: {number}\r\n\r\nx\r\n".encode())
        server.kill()
        session.close()
    server.start()
    try:
        box = folder / "boxes" / "ann"
        wanted = {f"Subject: {number}".encode() for number in range(ROUNDS)}

        def arrived() -> bool:
            return {line for raw in maildir(box) for line in raw.splitlines() if line.startswith(b"Subject:")} == wanted

        wait_for(f"all {ROUNDS} messages, of which {len(maildir(box))} are here", arrived)
    finally:
        server.stop()


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    place = folder / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0755", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_refuses_for_now_and_recovers_without_a_restart(folder: Path, small_disk: Path) -> None:
    port = free_port()
    parameters = {
        **_parameters(folder),
        "queue_directory": str(small_disk),
        "message_size_limit": "9000000",
    }
    server = Gatepost(folder, parameters=parameters, services={f"127.0.0.1:{port}": {}}).start()
    try:
        filler = small_disk / "filler"
        with client(port) as session:
            assert session.mail("a@b.example")[0] == 250
            assert session.rcpt("ann@box.example")[0] == 250
            _fill(filler)
            code, text = session.data(b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n" * 30000)
            assert (code, text[:5]) == (452, b"4.3.1")
            wait_for("a refusal at MAIL", lambda: _mail(session) == 452)  # the room was looked at a moment ago
        filler.unlink()
        with client(port) as session:
            wait_for("room", lambda: _mail(session) == 250)
            session.rset()
            session.sendmail("a@b.example", ["ann@box.example"], b"Subject: later\r\n\r\nx\r\n")
        (raw,) = wait_for("the second message alone", lambda: maildir(folder / "boxes" / "ann"))
        assert b"Subject: later" in raw
    finally:
        server.stop()


def _mail(session: smtplib.SMTP) -> int:
    """The answer to MAIL, of a new transaction."""
    session.rset()
    return session.mail("a@b.example")[0]


def _fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
        except OSError:
            pass
