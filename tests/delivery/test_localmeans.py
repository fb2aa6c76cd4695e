"""What local delivery works with."""

from __future__ import annotations

from tests.fakes.rights import LocalMachine


def test_all_ways_of_an_agent_lead_to_the_same_rights() -> None:
    machine = LocalMachine()
    means = machine.means
    assert means.includes.rights is means.forwards.rights is means.commands.rights is means.mailboxes.writer
    assert means.includes.aliases is means.aliases
