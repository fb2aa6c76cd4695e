"""Ends of commands. What Postfix says is in tests/peers/deliveries.json; here is what it cannot be asked."""

from __future__ import annotations

import pytest

from gatepost.delivery.exits import Ending, Judgement, judge
from gatepost.mail.delivery import Status

SENT, DEFERRED, BOUNCED = Status.SENT, Status.DEFERRED, Status.BOUNCED


@pytest.mark.parametrize(
    ("ending", "judgement"),
    [
        (Ending(), Judgement(SENT, "2.0.0", "")),
        (Ending(output=b"5.1.1 fine\n"), Judgement(SENT, "2.0.0", "5.1.1 fine")),
        (Ending(75), Judgement(DEFERRED, "4.3.0", "temporary failure")),
        (Ending(67, output=b"who?\n"), Judgement(BOUNCED, "5.1.1", "user unknown. Command output: who? ")),
        (Ending(3), Judgement(BOUNCED, "5.3.0", 'Command died with status 3: "cmd"')),
        (Ending(75, output=b"5.7.1 no\n"), Judgement(BOUNCED, "5.7.1", "no ")),
        (Ending(67, output=b" 4.2.2 full\n"), Judgement(DEFERRED, "4.2.2", "full ")),
        (Ending(1, output=b"2.0.0 odd"), Judgement(BOUNCED, "5.0.0", "odd")),
        (
            Ending(1, output=b"4.2"),
            Judgement(BOUNCED, "5.3.0", 'Command died with status 1: "cmd". Command output: 4.2'),
        ),
        (Ending(signal=9), Judgement(DEFERRED, "4.3.0", 'Command died with signal 9: "cmd"')),
        (Ending(timed_out=True), Judgement(BOUNCED, "5.3.0", 'Command time limit exceeded: "cmd"')),
        (
            Ending(signal=15, output=b"a\x00\x1b\xff\n"),
            Judgement(DEFERRED, "4.3.0", 'Command died with signal 15: "cmd". Command output: a__\ufffd '),
        ),
    ],
)
def test_judgements(ending: Ending, judgement: Judgement) -> None:
    assert judgement == judge(ending, "cmd")
