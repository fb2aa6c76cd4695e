"""No more descriptors, and a folder that may not be written: the right 4xx, and all is well again without a restart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.site import Site, Wire, site, wait_until

FEW = 90
"""Descriptors of a process, of which a worker needs about half for itself."""

ENVELOPE = ("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>", "DATA")
SMALL = "Subject: small\r\n\r\nx\r\n."
LARGE = f"Subject: large\r\n\r\n{('y' * 900 + chr(13) + chr(10)) * 500}."


@pytest.fixture
def place() -> Iterator[Site]:
    with site() as made:
        yield made


def test_too_many_open_files(place: Site) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("needs prlimit")
    text = "gatepost_workers = 1\nsmtpd_client_connection_count_limit = 0\n"
    with place.serving(text, within=(prlimit, f"--nofile={FEW}:{FEW}")) as server:
        with ExitStack() as crowd, place.client() as early:
            for _ in range(FEW):
                crowd.enter_context(Wire(place.port))
            wait_until("no descriptor to be left", lambda: FEW in map(_descriptors, server.workers()))
            assert early.say(*ENVELOPE, LARGE).startswith("451 4.3.0 ")
            assert early.say("RSET") == "250 2.0.0 Ok"
        wait_until("room for others", lambda: _served(place))
        with place.client() as wire:
            assert wire.say(*ENVELOPE, SMALL).startswith("250 2.0.0 Ok")
            assert wire.say(*ENVELOPE, LARGE).startswith("250 2.0.0 Ok")
        place.mails(2)
        assert len(server.workers()) >= 1
        assert not [line for line in server.output if "killed by" in line or "exit status" in line]


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _served(place: Site) -> bool:
    with Wire(place.port) as wire:
        return wire.reply().startswith("220 ")


def test_a_folder_that_may_not_be_written(place: Site) -> None:
    with place.serving("gatepost_workers = 1\n"):
        bodies = place.folder / "queue" / "gatepost" / "slot-0" / "bodies"
        with place.client() as wire:
            bodies.rename(bodies.with_name("away"))
            assert wire.say(*ENVELOPE, LARGE).startswith("451 4.3.0 ")
            assert wire.say(*ENVELOPE, SMALL).startswith("250 2.0.0 Ok")
            bodies.with_name("away").rename(bodies)
            bodies.chmod(0)
            said = wire.say(*ENVELOPE, LARGE)
            bodies.chmod(0o700)
            assert said.startswith("451 4.3.0 ")
            assert wire.say(*ENVELOPE, LARGE).startswith("250 2.0.0 Ok")
        assert len(place.mails(2)) == 2
