"""Attributes of pipe services."""

from __future__ import annotations

import pytest

from gatepost.delivery.pipeattributes import BadAttribute, PipeAttributes
from gatepost.mail.envelope import Envelope, Origin, Recipient
from tests.fakes.jobs import job

ORIGIN = Origin("c[192.0.2.1]", "c", "192.0.2.1", "25", "helo", "ESMTP", "PLAIN", "user", "s@b.example")
TWO = (Recipient('A "b+Ext@B.example', "o@b.example"), Recipient("Two@b.example", "O2@B.example"))


def words(*argv: str, flags: str = "", sender: str = "S x@b.example", null: str = "") -> tuple[str, ...]:
    given = [f"flags={flags}", "user=joe", *([f"null_sender={null}"] if null else []), f"argv={argv[0]}", *argv[1:]]
    envelope = Envelope(sender, TWO, envid="id", origin=ORIGIN)
    return PipeAttributes.parse(given).command(job(*TWO, nexthop="Next.Hop", envelope=envelope), "+")


def test_attributes() -> None:
    given = ["flags=DFORXhqu.>B", "user=joe:mail", "directory=/d", "chroot=/c", "eol=\\r\\n\\041\\\\", "size=10"]
    found = PipeAttributes.parse([*given, "null_sender=", "argv=/bin/x", "a=b", "flags=Z"])
    assert found == PipeAttributes(
        ("/bin/x", "a=b", "flags=Z"), "joe", "mail", frozenset("DFORXhqu.>B"), "/d", "/c", b"\r\n!\\", "", 10
    )
    usual = PipeAttributes.parse(["user=joe", "argv=", "/bin/x", ""])
    assert usual == PipeAttributes(("/bin/x", ""), "joe")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["user=joe"], "argv= is missing, which is the command"),
        (["argv=x"], "user= is missing, which says with whose rights the command runs"),
        (["flags=Z", "user=joe", "argv=x"], "flags=Z: unknown flag Z"),
        (["size=x", "user=joe", "argv=x"], "size=x is not a number of bytes"),
        (["colour=red", "user=joe", "argv=x"], "'colour=red' is no attribute of a pipe service"),
        (["user=joe", "argv=x", "$nosuch"], "argv=: unknown macro ${nosuch}"),
        (
            ["user=joe", "argv=x", "${recipient"],
            "argv=: '${recipient' has a macro without end (a dollar sign itself is written $$)",
        ),
    ],
)
def test_mistakes(given: list[str], words: str) -> None:
    with pytest.raises(BadAttribute) as caught:
        PipeAttributes.parse(given)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("x", "$recipient"), ("x", 'A "b+Ext@B.example', "Two@b.example")),
        (("x", "($recipient)", "$$1"), ("x", '(A "b+Ext@B.example)', "(Two@b.example)", "$1")),
        (("x", "${user}/$(extension)"), ("x", 'A "b/Ext', "Two/")),
        (("x", "$mailbox@$domain"), ("x", 'A "b+Ext@B.example', "Two@b.example")),
        (("x", "$original_recipient"), ("x", "o@b.example", "O2@B.example")),
        (("x", "$sender", "$nexthop!$queue_id"), ("x", "S x@b.example", "Next.Hop!4Xyz")),
        (
            ("x", "$client_address", "$client_helo", "$client_hostname", "$client_port", "$client_protocol"),
            ("x", "192.0.2.1", "helo", "c", "25", "ESMTP"),
        ),
        (("x", "$sasl_method$sasl_username$sasl_sender", "$envid"), ("x", "PLAINusers@b.example", "id")),
    ],
)
def test_words(argv: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert expected == words(*argv)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("h", ('A "b+Ext@b.example', "Two@b.example", "next.hop", "S x@b.example")),
        ("u", ('a "b+ext@B.example', "two@b.example", "Next.Hop", "S x@b.example")),
        ("q", ('"A \\"b+Ext"@B.example', "Two@b.example", "Next.Hop", '"S x"@b.example')),
    ],
)
def test_flags_of_words(flags: str, expected: tuple[str, ...]) -> None:
    assert expected == words("x", "$recipient", "$nexthop", "$sender", flags=flags)[1:]


def test_a_value_is_no_macro() -> None:
    assert words("x", "$sender", sender="$recipient@b.example") == ("x", "$recipient@b.example")


@pytest.mark.parametrize(("null", "expected"), [("", "MAILER-DAEMON"), ("nobody", "nobody")])
def test_no_sender_has_a_name(null: str, expected: str) -> None:
    assert words("x", "-f$sender", sender="", null=null) == ("x", f"-f{expected}")


def test_no_sender_may_be_empty() -> None:
    found = PipeAttributes.parse(["null_sender=", "flags=q", "user=joe", "argv=x", "$sender"])
    assert found.command(job("a@b.example", envelope=Envelope("", ())), "") == ("x", "")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}",
            ("/usr/bin/maildrop", "-d", "joe+x@b.example"),
        ),
        (
            "flags=Fqhu user=uucp argv=uux -r -n -z -a$sender - $nexthop!rmail ($recipient)",
            ("uux", "-r", "-n", "-z", "-as@a.example", "-", "hop!rmail", "(joe+x@b.example)"),
        ),
        (
            "flags=Fq. user=bsmtp argv=/usr/lib/bsmtp/bsmtp -t$nexthop -f$sender $recipient",
            ("/usr/lib/bsmtp/bsmtp", "-tHop", "-fs@a.example", "Joe+X@B.example"),
        ),
        (
            "flags=R user=scalemail argv=/usr/lib/scalemail/bin/scalemail-store ${nexthop} ${user} ${extension}",
            ("/usr/lib/scalemail/bin/scalemail-store", "Hop", "Joe", "X"),
        ),
        (
            "flags=FRX user=list argv=/usr/lib/mailman/bin/postfix-to-mailman.py ${nexthop} ${user}",
            ("/usr/lib/mailman/bin/postfix-to-mailman.py", "Hop", "Joe"),
        ),
        (
            "user=spam argv=/usr/bin/spamc -f -e /usr/sbin/sendmail -oi -f ${sender} ${recipient}",
            ("/usr/bin/spamc", "-f", "-e", "/usr/sbin/sendmail", "-oi", "-f", "s@a.example", "Joe+X@B.example"),
        ),
    ],
)
def test_entries_that_everybody_has(entry: str, expected: tuple[str, ...]) -> None:
    """Debian's master.cf, and the filter of many a guide."""
    recipient = Recipient("Joe+X@B.example", "o@b.example")
    given = job(recipient, nexthop="Hop", envelope=Envelope("s@a.example", (recipient,)))
    assert expected == PipeAttributes.parse(entry.split()).command(given, "+")
