"""The arguments of commands, and the reply that each mistake in them gets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.envelope import Notify, Ret
from gatepost.smtp.commands import (
    Chunk,
    Command,
    MailParameters,
    RcptParameters,
    Refused,
    Verb,
    chunk,
    mail_parameters,
    parse,
    path_word,
    rcpt_parameters,
)


def command(line: str) -> Command:
    found = parse(line)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        ("noop", Verb.NOOP, ""),
        ("EHLO  a   b", Verb.EHLO, "a b"),
        ("FOO bar", Verb.UNKNOWN, "bar"),
        ("UNKNOWN", Verb.UNKNOWN, ""),
        ("GREETING", Verb.UNKNOWN, ""),
        ("mail from:<a@b>", Verb.MAIL, "from: <a@b>"),
    ],
)
def test_verbs(line: str, verb: Verb, argument: str) -> None:
    assert (verb, argument) == (command(line).verb, command(line).argument)


WORDS = (
    "MAIL",
    "rcpt",
    "EHLO",
    "FROM:",
    "To:",
    "<a@b.example>",
    "SIZE=1",
    "<>",
    "<",
    '"',
    "\\",
    ":",
    " ",
    " ",
    "\0",
    "é",
)


@given(st.lists(st.sampled_from(WORDS), max_size=8).map("".join))
def test_the_short_cut_for_ordinary_lines_changes_nothing(line: str) -> None:
    found = parse(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatepost.smtp.commands._ORDINARY", re.compile("(?!)"))
        assert parse(line) == found


def test_a_blank_line_is_no_command() -> None:
    assert parse("  \t") is None


@pytest.mark.parametrize("line", ["MAIL", "MAIL FROM", "MAIL FROM:", "MAIL TO:<a@b>", "MAIL FROM :<a@b>"])
def test_mail_needs_a_path(line: str) -> None:
    with pytest.raises(Refused, match=r"501 5\.5\.4 Syntax: MAIL FROM:<address>"):
        path_word(command(line))


@pytest.mark.parametrize("line", ["RCPT", "RCPT TO", "RCPT TO:", "RCPT FROM:<a@b>"])
def test_rcpt_needs_a_path(line: str) -> None:
    with pytest.raises(Refused, match=r"501 5\.5\.4 Syntax: RCPT TO:<address>"):
        path_word(command(line))


def mail_of(options: str, *, dsn: bool = True, smtputf8: bool = True) -> MailParameters:
    return mail_parameters(command(f"MAIL FROM:<> {options}").words[2:], dsn=dsn, smtputf8=smtputf8)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", MailParameters()),
        ("SIZE=10 BODY=8BITMIME", MailParameters(size=10, body_8bit=True)),
        ("size=1 SIZE=2 body=8bitmime BODY=7bit", MailParameters(size=2)),
        ("SMTPUTF8 SMTPUTF8", MailParameters(smtputf8=True)),
        ("AUTH=<> AUTH=<> AUTH=a+40b", MailParameters(auth="a+40b")),
        ("ENVID=a=b", MailParameters(envid="a=b")),
        ("RET=hdrs ENVID=abc+2Bdef", MailParameters(ret=Ret.HDRS, envid="abc+def")),
        (f"SIZE={2**63 - 1}", MailParameters(size=2**63 - 1)),
    ],
)
def test_mail_parameters(options: str, expected: MailParameters) -> None:
    assert expected == mail_of(options)


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ("SIZE=", "501 5.5.4 Bad message size syntax"),
        ("SIZE=-1", "501 5.5.4 Bad message size syntax"),
        ("SIZE=٣", "501 5.5.4 Bad message size syntax"),
        (f"SIZE={2**63}", "552 5.3.4 Message size exceeds file system imposed limit"),
        ("SIZE=" + "9" * 5000, "552 5.3.4 Message size exceeds file system imposed limit"),
        ("AUTH=x AUTH=y", "503 5.5.4 Error: multiple AUTH= options"),
        ("RET=ALL", "501 5.5.4 Bad RET parameter syntax"),
        ("RET=HDRS RET=FULL", "501 5.5.4 Bad RET parameter syntax"),
        ("ENVID=", "501 5.5.4 Bad ENVID parameter syntax"),
        ("ENVID=a+zz", "501 5.5.4 Bad ENVID parameter syntax"),
        ("ENVID=a+0A", "501 5.5.4 Bad ENVID parameter syntax"),
        ("ENVID=a ENVID=b", "501 5.5.4 Bad ENVID parameter syntax"),
        ("BODY=BINARYMIME", "555 5.5.4 Unsupported option: BODY=BINARYMIME"),
        ("BODY", "555 5.5.4 Unsupported option: BODY"),
        ("SMTPUTF8=yes", "555 5.5.4 Unsupported option: SMTPUTF8=yes"),
        ("XVERP", "555 5.5.4 Unsupported option: XVERP"),
        ("junk FOO=bar", "555 5.5.4 Unsupported option: junk"),
        ('"SIZE=10"', '555 5.5.4 Unsupported option: "SIZE=10"'),
    ],
)
def test_mistakes_in_mail_parameters(options: str, reply: str) -> None:
    with pytest.raises(Refused) as refused:
        mail_of(options)
    assert reply == refused.value.reply.text


def test_what_was_not_offered_is_not_taken() -> None:
    with pytest.raises(Refused, match="DSN support is disabled"):
        mail_of("RET=FULL", dsn=False)
    with pytest.raises(Refused, match="Unsupported option: SMTPUTF8"):
        mail_of("SMTPUTF8", smtputf8=False)


def rcpt_of(options: str, *, dsn: bool = True) -> RcptParameters:
    return rcpt_parameters(command(f"RCPT TO:<a@b> {options}").words[2:], dsn=dsn)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", RcptParameters()),
        ("NOTIFY=success,,DELAY", RcptParameters(Notify.SUCCESS | Notify.DELAY)),
        ("NOTIFY=NEVER ORCPT=rfc822;a=b", RcptParameters(Notify.NEVER, "rfc822;a=b")),
        ("ORCPT=rfc822;Kib+2Buna@x", RcptParameters(orcpt="rfc822;Kib+una@x")),
        ("ORCPT=rfc822;", RcptParameters(orcpt="rfc822;")),
        (r"ORCPT=utf-8;a\x{40}b", RcptParameters(orcpt="utf-8;a@b")),
    ],
)
def test_rcpt_parameters(options: str, expected: RcptParameters) -> None:
    assert expected == rcpt_of(options)


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ("NOTIFY=", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
        ("NOTIFY=NEVER,SUCCESS", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
        ("NOTIFY=SOMETIMES", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
        ("NOTIFY=delay NOTIFY=failure", "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
        ("ORCPT=kibuna", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
        ("ORCPT=;x", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
        ("ORCPT=rfc822;a+zz", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
        ("ORCPT=rfc822;a+0D+0A", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
        ("ORCPT=rfc822;a ORCPT=rfc822;b", "501 5.5.4 Error: Bad ORCPT parameter syntax"),
        ("FOO=1", "555 5.5.4 Unsupported option: FOO=1"),
    ],
)
def test_mistakes_in_rcpt_parameters(options: str, reply: str) -> None:
    with pytest.raises(Refused) as refused:
        rcpt_of(options)
    assert reply == refused.value.reply.text


def test_an_unknown_notify_word_is_logged() -> None:
    with pytest.raises(Refused) as refused:
        rcpt_of("NOTIFY=SOMETIMES")
    assert 'unknown DSN NOTIFY command value "SOMETIMES" in "SOMETIMES"' == refused.value.warning


@pytest.mark.parametrize(
    ("line", "expected"),
    [("BDAT 5", Chunk(5, last=False)), ("bdat 0 last", Chunk(0, last=True)), ("BDAT 007", Chunk(7, last=False))],
)
def test_chunks(line: str, expected: Chunk) -> None:
    assert expected == chunk(command(line))


@pytest.mark.parametrize("arguments", ["", "x", "-1", "5 FIRST", "5 LAST x", "9" * 20, "٣"])
def test_a_chunk_without_size_ends_the_session(arguments: str) -> None:
    with pytest.raises(Refused) as refused:
        chunk(command(f"BDAT {arguments}"))
    assert refused.value.reply.hangs_up
