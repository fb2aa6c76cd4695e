"""The options of sendmail, and the message it makes of its input."""

from __future__ import annotations

import argparse
import io
import os
import pwd
import sys
from pathlib import Path

import pytest

from gatepost.cli import sendmail
from gatepost.cli.sendmail import Options, UsageError, extract, parse_words, read_message
from gatepost.server.drop import Receipt, Request
from tests.fakes.configurations import write


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a@b c@d", Options(recipients=("a@b", "c@d"))),
        ("-t -oi", Options(extract=True, dot_is_text=True)),
        ("-ti", Options(extract=True, dot_is_text=True)),
        ("-i -f joe@x a@b", Options(dot_is_text=True, sender="joe@x", recipients=("a@b",))),
        ("-fjoe@x a@b", Options(sender="joe@x", recipients=("a@b",))),
        ("-f <> a@b", Options(sender="", recipients=("a@b",))),
        ("-r joe a", Options(sender="joe", recipients=("a",))),
        ("-F Joe -- -odd@b", Options(full_name="Joe", recipients=("-odd@b",))),
        ("-oem -odi -oQ/x -v -n -m -G a", Options(recipients=("a",))),
        ("-B 8BITMIME -O DeliveryMode=q -X log -L tag a", Options(recipients=("a",))),
        ("-bm a", Options(recipients=("a",))),
        ("-bp", Options(mode="p")),
        ("-bi", Options(mode="i")),
        ("-q", Options(mode="q")),
        ("-qRsite.example", Options(mode="q", site="site.example")),
        ("-q30m", Options(mode="q")),
        (
            "-N success,delay -R hdrs -V id a",
            Options(notify="SUCCESS,DELAY", ret="HDRS", envid="id", recipients=("a",)),
        ),
        ("-C /etc/x a", Options(directory=Path("/etc/x"), recipients=("a",))),
        ("-C /etc/x/main.cf a", Options(directory=Path("/etc/x"), recipients=("a",))),
        ("--help", Options(help=True)),
    ],
)
def test_words_are_read_as_every_sendmail_reads_them(line: str, expected: Options) -> None:
    assert expected == parse_words(line.split())


@pytest.mark.parametrize("line", ["-f", "-N never,success a", "-N soon a", "-R body a", "-Z a", "-qIA1", "-qSx@y"])
def test_words_that_make_no_sense_are_refused(line: str) -> None:
    with pytest.raises(UsageError):
        parse_words(line.split())


@pytest.mark.parametrize(
    ("content", "dot_is_text", "expected"),
    [
        (b"a\n.\nb\n", False, b"a\n"),
        (b"a\n.\nb\n", True, b"a\n.\nb\n"),
        (b"a\r\n.\r\nb\r\n", False, b"a\r\n"),
        (b"..\n", False, b"..\n"),
        (b"From joe Mon\nSubject: x\n", True, b"Subject: x\n"),
        (b"", False, b""),
    ],
)
def test_the_message_ends_where_it_says(content: bytes, dot_is_text: bool, expected: bytes) -> None:
    assert expected == read_message(content, dot_is_text=dot_is_text)


def test_recipients_come_from_headers_and_bcc_goes() -> None:
    message = b"To: a@x, Joe <b@x>\nCc: c@x,\n d@x\nBcc: e@x,\n\tf@x\nSubject: To: g@x\n\nTo: h@x\n"
    kept, found = extract(message)
    assert ["a@x", "b@x", "c@x", "d@x", "e@x", "f@x"] == found
    assert message.replace(b"Bcc: e@x,\n\tf@x\n", b"") == kept


def test_resent_headers_beat_the_original_ones() -> None:
    kept, found = extract(b"To: a@x\nResent-To: b@x\nResent-Bcc: c@x\n\n")
    assert ["b@x", "c@x"] == found
    assert b"To: a@x\nResent-To: b@x\n\n" == kept


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Request, bytes]]:
    """What was handed to the server."""
    seen: list[tuple[Path, Request, bytes]] = []

    def submit(path: Path, request: Request, message: bytes) -> Receipt:
        seen.append((path, request, message))
        return Receipt("4F5A6B")

    monkeypatch.setattr(sendmail, "submit", submit)
    monkeypatch.setattr(sendmail, "_full_name", lambda: "Joe")
    monkeypatch.delenv("NAME", raising=False)
    return seen


def run(*words: str, stdin: bytes = b"") -> int:
    class Input:
        buffer = io.BytesIO(stdin)

    old, sys.stdin = sys.stdin, Input()
    try:
        return sendmail.run(argparse.Namespace(words=list(words)))
    finally:
        sys.stdin = old


def test_a_message_goes_to_the_drop_of_its_configuration(
    tmp_path: Path, sent: list[tuple[Path, Request, bytes]]
) -> None:
    folder = str(write(tmp_path))
    assert run("-C", folder, "-t", "-f", "joe@x", "extra@x", stdin=b"To: a@x\n\nhi\n") == 0
    path, request, message = sent[0]
    assert tmp_path / "queue/gatepost/public/drop" == path
    assert Request("joe@x", ("extra@x", "a@x"), full_name="Joe") == request
    assert b"To: a@x\n\nhi\n" == message


def test_the_sender_is_the_user(tmp_path: Path, sent: list[tuple[Path, Request, bytes]]) -> None:
    run("-C", str(write(tmp_path)), "a@x")
    assert pwd.getpwuid(os.getuid()).pw_name == sent[0][1].sender


def test_statuses_tell_the_caller_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(write(tmp_path))
    assert run("-C", folder) == sendmail.EX_USAGE
    assert run("-bs") == sendmail.EX_USAGE
    assert run("-Z") == sendmail.EX_USAGE
    assert run("-C", folder, "a@x") == sendmail.EX_TEMPFAIL
    assert "is the server running?" in capsys.readouterr().err
    monkeypatch.setattr(sendmail, "submit", lambda *_: Receipt(reason="too big", temporary=False))
    assert run("-C", folder, "a@x") == sendmail.EX_UNAVAILABLE
    assert run("--as=newaliases") == 0
    assert run("--help") == 0
