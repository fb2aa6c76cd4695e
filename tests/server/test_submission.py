"""What the queue is told of a message."""

from __future__ import annotations

import pytest

from gatepost.policy.outcome import Action, Bcc, Discard, Filter, Hold, Prepend, Redirect
from gatepost.queue.intake import Handling
from gatepost.server.submission import handling
from tests.fakes.clock import run
from tests.fakes.smtpd import service


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], Handling()),
        ([Hold(), Discard()], Handling(hold=True, discard=True)),
        (
            [Filter("smtp:a"), Filter("smtp:b"), Redirect("a@x"), Redirect("b@x")],
            Handling(route="smtp:b", redirect="b@x"),
        ),
        ([Bcc("a@x"), Prepend("X: y"), Bcc("b@x")], Handling(bcc=("a@x", "b@x"))),
    ],
)
def test_actions(actions: list[Action], expected: Handling) -> None:
    assert expected == handling(actions)


def test_a_submission() -> None:
    tables = {"hash:/access": {"kibuna@mx.example": "PREPEND X-One: two"}}

    async def scene() -> None:
        played = service("smtpd_recipient_restrictions = check_recipient_access hash:/access\n", tables=tables)
        wire = played.connect()
        await wire.heard()
        await wire.say("EHLO c.example", "MAIL FROM:<a@b.example> SMTPUTF8", "RCPT TO:<kibuna@mx.example>", "DATA", ".")
        ((submission, content),) = played.intake.taken
        assert b"" == content
        assert ("X-One: two",) == submission.prepend
        first, by, recipient, _ = submission.received_header.split("\r\n")
        assert "Received: from c.example (unknown [192.0.2.7])" == first
        assert "\tby mx.example (Postfix) with UTF8SMTP id Q00001" == by
        assert recipient.startswith("\tfor <kibuna@mx.example>; ")
        assert not submission.local_rewrite
        origin = submission.envelope.origin
        assert ("unknown[192.0.2.7]", "192.0.2.7", "40000", "c.example", "ESMTP") == (
            origin.client,
            origin.client_address,
            origin.client_port,
            origin.helo,
            origin.protocol,
        )

    run(scene())
