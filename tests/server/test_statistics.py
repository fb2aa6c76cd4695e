"""The counts on the line that ends a session."""

from __future__ import annotations

from gatepost.server.statistics import Statistics
from gatepost.smtp.commands import Verb


def test_no_commands() -> None:
    assert "commands=0/0" == Statistics().text()


def test_counts_in_their_order() -> None:
    statistics = Statistics()
    for verb, done in ((Verb.UNKNOWN, False), (Verb.MAIL, True), (Verb.EHLO, True), (Verb.MAIL, False)):
        statistics.tried(verb)
        if done:
            statistics.done(verb)
    assert "ehlo=1 mail=1/2 unknown=0/1 commands=2/4" == statistics.text()
    assert "commands=2/4 notes=bare_lf" in statistics.text(bare_newline=True)
