"""Content as servers get it."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.content import AT_ONCE, Content, needs_utf8
from gatepost.mail.envelope import Envelope, Recipient
from tests.fakes.jobs import CONTENT, FakeBody, job

UMLAUT = "Content-Transfer-Encoding: 8bit\r\n\r\nü\r\n".encode()
CODED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n"


@pytest.mark.parametrize("piece", [1, 65_536])
@pytest.mark.parametrize(
    ("sent", "stored", "is_8bit", "offered"),
    [
        (CONTENT, CONTENT, False, set[str]()),
        (UMLAUT, UMLAUT, True, {"8BITMIME"}),
        (UMLAUT, UMLAUT, False, set[str]()),
        (CODED, UMLAUT, True, set[str]()),
    ],
)
def test_content_is_what_the_server_can_take(
    sent: bytes, stored: bytes, is_8bit: bool, offered: set[str], piece: int
) -> None:
    content = Content(FakeBody(stored, piece), is_8bit=is_8bit)

    async def pieces() -> bytes:
        return b"".join([piece async for piece in content.pieces(offered)])

    assert sent == asyncio.run(pieces())
    assert content.at_once(offered) == (sent if piece > 1 else None)


def test_a_large_content_is_not_written_at_once() -> None:
    assert Content(FakeBody(b"x" * (AT_ONCE + 1), piece=1_000_000)).at_once(()) is None


@pytest.mark.parametrize("piece", [1, 65_536])
@pytest.mark.parametrize(
    ("needed", "address", "content"),
    [
        (False, "b@b.example", CONTENT),
        (False, "b@b.example", b"X: y\r\n\r\n\xc3\xbc\r\n"),
        (True, "b@b.example", "X: ü\r\n\r\n".encode()),
        (True, "b@b.example", "X: ü".encode()),
        (True, "ö@b.example", CONTENT),
    ],
)
def test_utf8_is_needed_for_addresses_and_headers(needed: bool, address: str, content: bytes, piece: int) -> None:
    work = job(Recipient(address, address), envelope=Envelope("a@a.example", ()))
    object.__setattr__(work, "body", FakeBody(content, piece))
    assert needed == asyncio.run(needs_utf8(work))
