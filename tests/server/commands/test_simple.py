"""RSET, NOOP, QUIT, VRFY and ETRN."""

from __future__ import annotations

import pytest

from tests.fakes.clock import run
from tests.fakes.smtpd import service


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("NOOP anything", "250 2.0.0 Ok"),
        ("RSET", "250 2.0.0 Ok"),
        ("RSET x", "501 5.5.4 Syntax: RSET"),
        ("QUIT now", "221 2.0.0 Bye"),
        ("VRFY", "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"),
        ("VRFY SMTPUTF8", "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"),
        ("VRFY kibuna", "252 2.0.0 kibuna"),
        ("VRFY kibuna SMTPUTF8", "252 2.0.0 kibuna"),
        ("VRFY <x@mx.example>", "252 2.0.0 <x@mx.example>"),
        ("VRFY x@other.example", "454 4.7.1 <x@other.example>: Relay access denied"),
        ("VRFY a b", "501 5.1.3 Bad recipient address syntax"),
        ("VRFY <a", "501 5.1.3 Bad recipient address syntax"),
        ("ETRN", "500 Syntax: ETRN domain"),
        ("ETRN a b", "500 Syntax: ETRN domain"),
        ("ETRN bad_domain!", "501 Error: invalid parameter syntax"),
        ("ETRN @", "501 Error: invalid parameter syntax"),
        ("ETRN [x]", "501 Error: invalid parameter syntax"),
        ("ETRN flushed.example", "250 Queuing started"),
        ("ETRN @sub.flushed.example", "250 Queuing started"),
        ("ETRN #flushed.example", "250 Queuing started"),
        ("ETRN broken.example", "458 Unable to queue messages"),
        ("ETRN other.example", "459 <other.example>: service unavailable"),
        ("ETRN [127.0.0.1]", "459 <[127.0.0.1]>: service unavailable"),
    ],
)
def test_replies(line: str, reply: str) -> None:
    async def scene() -> None:
        wire = service("fast_flush_domains = flushed.example, broken.example\n").connect()
        await wire.heard()
        assert [reply] == await wire.say(line)

    run(scene())


@pytest.mark.parametrize(
    ("main_cf", "line", "reply"),
    [
        ("strict_smtputf8 = yes\n", "VRFY kibüna", "553 5.6.7 Must declare SMTPUTF8 to send unicode address"),
        ("strict_smtputf8 = yes\n", "VRFY kibüna SMTPUTF8", "252 2.0.0 kibüna"),
        ("strict_rfc821_envelopes = yes\n", "VRFY kibuna", "252 2.0.0 kibuna"),
    ],
)
def test_strictness(main_cf: str, line: str, reply: str) -> None:
    async def scene() -> None:
        wire = service(main_cf).connect()
        await wire.heard()
        assert [reply] == await wire.say(line)

    run(scene())


def test_etrn_asks_policy() -> None:
    async def scene() -> None:
        wire = service("smtpd_etrn_restrictions = reject\n").connect()
        await wire.heard()
        (reply,) = await wire.say("ETRN other.example")
        assert reply == "554 5.7.1 <other.example>: Etrn command rejected: Access denied"

    run(scene())


def test_a_refused_etrn_is_told() -> None:
    async def scene() -> None:
        played = service()
        wire = played.connect()
        await wire.heard()
        await wire.say("ETRN #all")
        assert "warning: reject: ETRN all... from unknown[192.0.2.7]" == played.log[-1]

    run(scene())
