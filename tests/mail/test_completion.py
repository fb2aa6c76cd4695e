"""What becomes of headers on the way in, as Postfix 3.7.11 does it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost import maillog
from gatepost.mail.address import external
from gatepost.mail.completion import HeaderRules, HeaderWork, Missing
from gatepost.mail.events import Event


def _rewrite(address: str, source: str) -> str | None:
    written = external(address if "@" in address else f"{address}@mx")
    return None if written == source else written


def _ignore(_event: Event) -> None:
    """Where the log is of no interest."""


LOCAL = HeaderRules(rewrite=_rewrite, complete=True, undisclosed="To: undisclosed-recipients:;")
REMOTE = HeaderRules()
COMPLETED = "Message-Id: <new@mx>\nDate: DATE\nFrom: a@b.c\n"
NOBODY = "To: undisclosed-recipients:;\n"


def worked(text: str, rules: HeaderRules = LOCAL, sender: str = "a@b.c", cut: int = 0) -> tuple[str, list[str]]:
    """What is stored of a message, and what is logged."""
    events: list[Event] = []
    work = HeaderWork(rules, lambda: Missing("<new@mx>", "DATE", sender), "Q", events.append)
    content = text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    size = cut or max(len(content), 1)
    stored = b"".join(work.feed(content[at : at + size]) for at in range(0, len(content), size)) + work.finish()
    return stored.decode("utf-8", "surrogateescape").replace("\r\n", "\n"), [maillog.text(event) for event in events]


def test_headers_on_top() -> None:
    work = HeaderWork(LOCAL, lambda: Missing("<new@mx>", "DATE", "a@b.c"), "Q", _ignore)
    top = work.preface(("X-A  : b", "To: joe", "Bcc: ann", "Date: now"))
    assert top == b"X-A: b\r\nTo: joe@mx\r\nDate: now\r\n"
    assert work.feed(b"Subject: x\r\n\r\n") == b"Subject: x\r\nMessage-Id: <new@mx>\r\nFrom: a@b.c\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("To: b@c\n\nx\n", f"To: b@c\n{COMPLETED}\nx\n"),
        ("Subject: a\n\nx\n", f"Subject: a\n{COMPLETED}{NOBODY}\nx\n"),
        ("\nx\n", f"{COMPLETED}{NOBODY}\nx\n"),
        ("", f"{COMPLETED}{NOBODY}"),
        ("Subject: x\n", f"Subject: x\n{COMPLETED}{NOBODY}"),
        ("not a header\n\nx\n", f"{COMPLETED}{NOBODY}\nnot a header\n\nx\n"),
        ("From: x@y\nCc: z@y\n\nx\n", "From: x@y\nCc: z@y\nMessage-Id: <new@mx>\nDate: DATE\n\nx\n"),
        ("To:\n\nx\n", f"To:\n{COMPLETED}\nx\n"),
        ("Apparently-To: x@y\n\n", f"Apparently-To: x@y\n{COMPLETED}{NOBODY}\n"),
        ("Bcc: joe,\n ann\nSubject: b\n\n", f"Subject: b\n{COMPLETED}{NOBODY}\n"),
        (
            "Resent-To: x@y\n\nx\n",
            "Resent-To: x@y\nResent-Message-Id: <new@mx>\nResent-Date: DATE\nResent-From: a@b.c\n\nx\n",
        ),
        ("Resent-Foo: x\nTo: b@c\n\n", f"Resent-Foo: x\nTo: b@c\n{COMPLETED}\n"),
        (
            "Resent-Bcc: x\nTo: b@c\n\n",
            "To: b@c\nResent-Message-Id: <new@mx>\nResent-Date: DATE\nResent-From: a@b.c\n\n",
        ),
    ],
)
@pytest.mark.parametrize("cut", [0, 1])
def test_missing_headers(text: str, local: str, cut: int) -> None:
    assert local == worked(text, cut=cut)[0]


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("To: joe", "To: joe@mx"),
        ("To : joe", "To: joe@mx"),
        ("CC: \tjoe", "CC: joe@mx"),
        ("To:joe@b.c  ,  ann@d.e", "To:joe@b.c  ,  ann@d.e"),
        ("To: joe@b.c,\n ann@d.e (c)", "To: joe@b.c,\n ann@d.e (c)"),
        ("To: Joe\n\tDoe <joe>", "To: Joe Doe <joe@mx>"),
        ('To: "joe"@b.c', "To: joe@b.c"),
        ("To: <@r:joe@b.c>", "To: <joe@b.c>"),
        ("To: joe@b.c (x), ann", "To: joe@b.c (x), ann@mx"),
        ("To: undisclosed-recipients: ;", "To: undisclosed-recipients: ;"),
        ("To: <>", "To: <>"),
        ("To: jo\udcff@b.c, x", "To: jo\udcff@b.c, x@mx"),
        (f"To: a, {'x' * 50}@b.c", f"To: a@mx, {'x' * 50}@b.c"),
        (f"To: a, {'x' * 60}@b.c", f"To: a@mx,\n\t{'x' * 60}@b.c"),
        ("X-To: joe", "X-To: joe"),
        ("Delivered-To: joe", "Delivered-To: joe"),
        ("Mail-Followup-To: joe", "Mail-Followup-To: joe@mx"),
        ("Return-Receipt-To: joe", "Return-Receipt-To: joe@mx"),
        ("Return-Path: <joe>", ""),
        ("Content-Length: 5", ""),
    ],
)
def test_rewriting(header: str, written: str) -> None:
    rules = replace(LOCAL, complete=False)
    assert (written + "\n" if written else "") + "\nx\n" == worked(f"{header}\n\nx\n", rules)[0]


def test_headers_of_others_stay_as_they_are() -> None:
    text = "From: joe\nTO:joe\nCC: \tjoe, <@r:x>\nReceived: a\n\nx\n"
    assert worked(text, REMOTE) == (text, ["Q: message-id=<>"])
    assert worked("Return-Path: x\nBcc: y\n\nx\n", REMOTE)[0] == "\nx\n"


def test_missing_headers_of_others_on_demand() -> None:
    assert worked("From: joe\n\n", HeaderRules(complete=True))[0] == "From: joe\nMessage-Id: <new@mx>\nDate: DATE\n\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Message-Id: <1@x>\nMessage-ID: <2@x>\n\n", ["Q: message-id=<1@x>", "Q: message-id=<2@x>"]),
        ("Message-Id:\n <folded@x>\n\n", ["Q: message-id=<folded@x>"]),
        ("Message-Id:\n\n", ["Q: message-id="]),
        ("Subject: x\n\n", ["Q: message-id=<new@mx>"]),
        ("Resent-To: x@y\n\n", ["Q: resent-message-id=<new@mx>", "Q: message-id=<>"]),
        ("Resent-Message-Id: <r@x>\nMessage-Id: <m@x>\n\n", ["Q: resent-message-id=<r@x>", "Q: message-id=<m@x>"]),
    ],
)
def test_message_ids_are_logged(text: str, lines: list[str]) -> None:
    assert lines == worked(text)[1]


def test_who_a_message_is_from() -> None:
    missing = Missing("", "", "a b@c.d")
    assert missing.author == '"a b"@c.d'
    assert replace(missing, sender="").author == "MAILER-DAEMON"
    assert replace(missing, sender="a@b", full_name="Ann Bee").author == "Ann Bee <a@b>"
    assert replace(missing, sender="a@b", full_name='A. "B"').author == r'"A. \"B\"" <a@b>'
    assert "\nFrom: MAILER-DAEMON\n" in worked("\n", sender="")[0]


@pytest.mark.parametrize(("count", "looping"), [(0, False), (1, False), (2, True), (3, True)])
def test_hops_include_ours(count: int, *, looping: bool) -> None:
    rules = replace(LOCAL, hop_limit=3)
    events: list[Event] = []
    work = HeaderWork(rules, lambda: Missing("<new@mx>", "DATE", "a@b.c"), "Q", events.append)
    work.feed(b"Received : x\r\n" * count + b"\r\nbody\r\n")
    work.finish()
    assert looping == work.looping
    assert looping is not bool(events)


@pytest.mark.parametrize(
    ("encoding", "eight"), [(b"8bit", True), (b" BINARY ", True), (b"base64", False), (b"", False)]
)
def test_a_message_may_declare_8bit_content_itself(encoding: bytes, *, eight: bool) -> None:
    work = HeaderWork(LOCAL, lambda: Missing("<new@mx>", "DATE", "a@b.c"), "Q", _ignore)
    work.feed(b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\nContent-Transfer-Encoding: 8bit\r\n")
    assert eight == work.declares_8bit


def test_a_loop_without_a_body_is_no_message_either() -> None:
    work = HeaderWork(replace(LOCAL, hop_limit=2), lambda: Missing("", "", ""), "Q", _ignore)
    work.feed(b"Received: x\r\n")
    assert work.finish() == b""
    assert work.looping


def test_the_body_is_not_touched() -> None:
    body = "To: joe\nReceived: x\n \n.\n\n"
    assert worked(f"To: b@c\n\n{body}")[0].endswith(f"\n\n{body}")


@given(st.text(alphabet="FromT:o abc@\n\t,;<>é\udcff", max_size=80), st.integers(1, 7))
def test_where_the_content_is_cut_does_not_matter(text: str, cut: int) -> None:
    assert worked(text) == worked(text, cut=cut)


@given(st.binary(max_size=200))
def test_a_remote_message_without_oddities_is_kept_to_the_byte(body: bytes) -> None:
    work = HeaderWork(REMOTE, lambda: Missing("", "", ""), "Q", _ignore)
    content = b"Subject: x\r\nX-Y:z\r\n\r\n" + body
    assert work.feed(content) + work.finish() == content


NEVER = re.compile("(?!)")
ADDRESSES = st.lists(
    st.sampled_from(
        [
            "a@b.c",
            "<a@b.c>",
            "joe",
            "x@y",
            "x@y.",
            ", ",
            ",\n ",
            ",",
            " ",
            "Ann Bee ",
            '"a@b" ',
            '"',
            "-",
            "(c)",
            ".",
            ":",
        ]
    ),
    max_size=9,
).map("".join)


@given(ADDRESSES)
def test_the_short_cut_for_plain_addresses_changes_nothing(addresses: str) -> None:
    whole = worked(f"To: {addresses}\n\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatepost.mail.completion._MAILBOXES", NEVER)
        assert worked(f"To: {addresses}\n\n") == whole


def test_the_short_cut_for_plain_addresses_takes_no_time_to_fail() -> None:
    text = "To: " + "A b <a@b.c>, " * 2000 + "(\n\n"
    assert worked(text)[0].startswith(text[:-1])


FIELDS = st.lists(
    st.sampled_from(
        [
            "To: joe\n",
            "X-A:b\n",
            "X-B : c\n",
            "Received: d\n",
            "Bcc: e\n",
            " f\n",
            "\t\n",
            "\n",
            "From g: h\n",
            "i\n",
            "\0",
            "J:\n",
        ]
    ),
    max_size=9,
).map("".join)


@given(FIELDS)
def test_the_short_cut_for_plain_sections_changes_nothing(text: str) -> None:
    whole = worked(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatepost.mail.completion._PLAIN_FIELD", re.compile(b"(?!)"))
        assert worked(text) == whole


def test_the_short_cut_for_plain_sections_takes_no_time_to_fail() -> None:
    text = "x" * 100_000 + "\n" + "A: b\n" * 100 + "\n"
    assert worked(text)[0].endswith(f"\n{text}")
