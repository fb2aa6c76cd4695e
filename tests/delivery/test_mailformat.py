"""Messages as mailboxes have them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.delivery.mailformat import MAILDIR, MBOX, Head, MessageForm, MessageText, mailbox_head
from gatepost.mail.envelope import Recipient


def convert(*pieces: bytes, form: MessageForm = MAILDIR) -> bytes:
    text = MessageText(form)
    return b"".join(map(text.feed, pieces)) + text.end()


@pytest.mark.parametrize(
    ("content", "maildir", "mbox"),
    [
        (b"a\r\n\r\nb\r\n", b"a\n\nb\n", b"a\n\nb\n\n"),
        (b"a", b"a\n", b"a\n\n"),
        (b"a\r\nFrom b\r\n>From c\r\n", b"a\nFrom b\n>From c\n", b"a\n>From b\n>From c\n\n"),
        (b"a\r\nFrom", b"a\nFrom\n", b"a\nFrom\n\n"),
        (b"a\r\r\nb\rc\r\n", b"a\r\nb\rc\n", b"a\r\nb\rc\n\n"),
        (b"", b"", b"\n"),
    ],
)
def test_lines(content: bytes, maildir: bytes, mbox: bytes) -> None:
    assert maildir == convert(content)
    assert mbox == convert(content, form=MBOX)


@pytest.mark.parametrize(
    ("form", "content", "text"),
    [
        (MessageForm(stuffs_dots=True), b".a\r\n..b\r\nc.\r\n", b"..a\n...b\nc.\n"),
        (MessageForm(b"\r\n", quotes_from=True), b"From a\r\nFrom b", b">From a\r\n>From b\r\n"),
        (MessageForm(b"!"), b"a\r\nb\r\n", b"a!b!"),
        (MessageForm(blank_line=True), b"a\r\n", b"a\n\n"),
    ],
)
def test_forms(form: MessageForm, content: bytes, text: bytes) -> None:
    assert text == convert(content, form=form)


@given(
    st.lists(st.sampled_from([b"\r\n", b"From ", b"\r", b"F", b"rom ", b"x", b"."]), max_size=30).map(b"".join),
    st.integers(1, 8),
    st.sampled_from([MAILDIR, MBOX, MessageForm(b"\r\n", stuffs_dots=True)]),
)
def test_cutting_does_not_matter(content: bytes, size: int, form: MessageForm) -> None:
    whole = convert(content, form=form)
    assert whole == convert(*(content[at : at + size] for at in range(0, len(content), size)), form=form)
    assert form is not MBOX or b"\nFrom " not in whole


@pytest.mark.parametrize(
    ("sender", "separator", "path"),
    [
        ("a b@x", b'From "a b"@x  Mon Nov 23 ', b'Return-Path: <"a b"@x>\n'),
        ("", b"From MAILER-DAEMON  Mon Nov 23 ", b"Return-Path: <>\n"),
    ],
)
def test_what_stands_in_front(sender: str, separator: bytes, path: bytes) -> None:
    when = time.mktime((2026, 11, 23, 8, 16, 46, 0, 0, -1))
    head = mailbox_head(sender, Recipient("a@x", "b@x"), when, mbox=True).text()
    first, rest = head.split(b"\n", 1)
    assert first == separator + b"08:16:46 2026"
    assert rest == path + b"X-Original-To: b@x\nDelivered-To: a@x\n"
    assert rest == mailbox_head(sender, Recipient("a@x", "b@x"), when, mbox=False).text()


def test_the_mark_can_be_left_out() -> None:
    head = mailbox_head("a@x", Recipient("b@x", "b@x"), 0.0, mbox=False, marked=False)
    assert head.text() == b"Return-Path: <a@x>\nX-Original-To: b@x\n"


def test_the_mark_is_the_address_that_led_here() -> None:
    head = mailbox_head("a@x", Recipient("b@x", "team@x", via="team@x"), 0.0, mbox=False)
    assert head.text().endswith(b"Delivered-To: team@x\n")


def test_no_sender_has_the_name_that_is_wanted() -> None:
    head = Head("", from_line=True, nobody="nobody", no_path="no_path")
    assert [line.split(b"  ")[0] for line in head.text(b"\r\n").split(b"\r\n")] == [
        b"From nobody",
        b"Return-Path: <no_path>",
        b"",
    ]
