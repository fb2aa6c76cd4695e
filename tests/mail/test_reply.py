"""Replies: reading, rendering, softening."""

from __future__ import annotations

import pytest

from gatepost.mail.reply import Reply


def test_one_line() -> None:
    reply = Reply.of(554, "5.7.1", "<a@b>: Relay access denied")
    assert reply.render() == b"554 5.7.1 <a@b>: Relay access denied\r\n"
    assert reply.text == "554 5.7.1 <a@b>: Relay access denied"
    assert not reply.hangs_up


def test_several_lines_repeat_code_and_status() -> None:
    assert Reply(550, "5.7.1", ("no", "ask us")).render() == b"550-5.7.1 no\r\n550 5.7.1 ask us\r\n"
    assert Reply(250, "", ("mx.example", "PIPELINING")).render() == b"250-mx.example\r\n250 PIPELINING\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("554 5.7.1 Service unavailable", Reply.of(554, "5.7.1", "Service unavailable")),
        ("450 try later", Reply.of(450, "", "try later")),
        ("550", Reply.of(550, "", "")),
        ("250 2.0.0", Reply.of(250, "2.0.0", "")),
        ("550 5.7 no status", Reply.of(550, "", "5.7 no status")),
    ],
)
def test_parse(text: str, expected: Reply) -> None:
    assert expected == Reply.parse(text)


@pytest.mark.parametrize("text", ["", "hello", "55 x", "650 x", "550text"])
def test_parse_refuses_what_is_no_reply(text: str) -> None:
    with pytest.raises(ValueError, match="not an SMTP reply"):
        Reply.parse(text)


def test_soft_bounce_changes_code_and_status() -> None:
    assert Reply.of(450, "4.1.1", "x") == Reply.of(550, "5.1.1", "x").softened()
    assert Reply.of(421, "4.7.0", "x") == Reply.of(421, "4.7.0", "x").softened()
    assert Reply.of(401, "", "x") == Reply.of(501, "", "x").softened()


@pytest.mark.parametrize(("code", "expected"), [(421, True), (521, True), (554, False), (250, False)])
def test_hang_up_codes(code: int, expected: bool) -> None:
    assert expected == Reply.of(code, "", "x").hangs_up


def test_undecodable_bytes_survive() -> None:
    assert Reply.of(250, "", b"caf\xe9".decode("utf-8", "surrogateescape")).render() == b"250 caf\xe9\r\n"
