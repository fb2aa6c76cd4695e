"""Messages as mailboxes have them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.delivery.mailformat import MailboxText, delivery_head
from gatepost.mail.envelope import Recipient


def convert(*pieces: bytes, mbox: bool = False) -> bytes:
    text = MailboxText(mbox=mbox)
    return b"".join(map(text.feed, pieces)) + text.end()


@pytest.mark.parametrize(
    ("content", "maildir", "mbox"),
    [
        (b"a\r\n\r\nb\r\n", b"a\n\nb\n", b"a\n\nb\n\n"),
        (b"a", b"a\n", b"a\n\n"),
        (b"a\r\nFrom b\r\n>From c\r\n", b"a\nFrom b\n>From c\n", b"a\n>From b\n>From c\n\n"),
        (b"a\r\nFrom", b"a\nFrom\n", b"a\nFrom\n\n"),
        (b"a\r\r\nb\rc\r\n", b"a\r\nb\rc\n", b"a\r\nb\rc\n\n"),
        (b"", b"\n", b"\n\n"),
    ],
)
def test_lines(content: bytes, maildir: bytes, mbox: bytes) -> None:
    assert maildir == convert(content)
    assert mbox == convert(content, mbox=True)


@given(
    st.lists(st.sampled_from([b"\r\n", b"From ", b"\r", b"F", b"rom ", b"x"]), max_size=30).map(b"".join),
    st.integers(1, 8),
    st.booleans(),
)
def test_cutting_does_not_matter(content: bytes, size: int, mbox: bool) -> None:
    whole = convert(content, mbox=mbox)
    assert whole == convert(*(content[at : at + size] for at in range(0, len(content), size)), mbox=mbox)
    assert not mbox or b"\nFrom " not in whole


@pytest.mark.parametrize(
    ("sender", "separator", "path"),
    [
        ("a b@x", b'From "a b"@x  Mon Nov 23 ', b'Return-Path: <"a b"@x>\n'),
        ("", b"From MAILER-DAEMON  Mon Nov 23 ", b"Return-Path: <>\n"),
    ],
)
def test_what_stands_in_front(sender: str, separator: bytes, path: bytes) -> None:
    when = time.mktime((2026, 11, 23, 8, 16, 46, 0, 0, -1))
    head = delivery_head(sender, Recipient("a@x", "b@x"), when, mbox=True)
    first, rest = head.split(b"\n", 1)
    assert first == separator + b"08:16:46 2026"
    assert rest == path + b"X-Original-To: b@x\nDelivered-To: a@x\n"
    assert rest == delivery_head(sender, Recipient("a@x", "b@x"), when, mbox=False)


def test_the_mark_can_be_left_out() -> None:
    head = delivery_head("a@x", Recipient("b@x", "b@x"), 0.0, mbox=False, marked=False)
    assert head == b"Return-Path: <a@x>\nX-Original-To: b@x\n"
