"""The words between server and helper."""

from __future__ import annotations

import errno
import os

import pytest

from gatepost.delivery import requests
from gatepost.delivery.command import Command
from gatepost.delivery.exits import Ending
from gatepost.delivery.mailbox import MailboxKind, Target
from gatepost.delivery.requests import Failure, Request
from gatepost.delivery.userfile import Found, UserFile

TARGET = Target(MailboxKind.MAILDIR, "/var/mail/\udcffü", 1000, 1000, 5, ("fcntl",), 3, 0.5, strict_ownership=False)
COMMAND = Command(
    ("cmd", "\udcff", ""), ("sh",), 1, 2, (("A", "b"),), "/dir", "/start", "/root", time_limit=3.5, complaint="why"
)


@pytest.mark.parametrize(
    "request_", [TARGET, COMMAND, UserFile("/f\udcff", 1, 2, private=True, limit=3, by_owner=True)]
)
def test_requests_survive_the_way(request_: Request) -> None:
    file = requests.packed(request_)
    assert requests.read_request(requests.unpacked(file)) == request_
    os.close(file)


def test_answers_survive_the_way() -> None:
    for failure in (None, Failure("no \udcff", errno.EPERM)):
        assert failure == requests.read_failure(requests.write_failure(failure))
    ending = Ending(1, 9, timed_out=True, output=bytes(range(256)))
    assert ending == requests.read_ending(requests.write_ending(ending))
    found = Found(b"x", "why", passing=True, owner=7)
    assert found == requests.read_found(requests.write_found(found), b"x")


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"do": "Other"}', b'{"do": "Target", "kind": "x"}', b'{"do": "Command", "argv": 1}'],
)
def test_bad_requests_are_told(text: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        requests.read_request(text)


def test_what_is_too_large_is_not_read() -> None:
    file = requests.filled(b"x" * 100)
    assert requests.unpacked(file) == b"x" * 100
    with pytest.raises(OSError, match="Message too long"):
        requests.unpacked(file, 99)
    os.close(file)


def test_an_answer_fits_its_packet() -> None:
    ending = Ending(1, output=b"\xff" * 4096)
    assert len(requests.write_ending(ending)) < requests.ANSWER_LIMIT
