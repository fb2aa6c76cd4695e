"""Local, virtual and pipe delivery, compared with what Postfix did with the same mail (`deliveries.json`)."""

from __future__ import annotations

import json

import pytest

from tests.peers.deliveries import ANSWERS, DIFFERENT, Answer, GatepostInside, Group, carry_out
from tests.peers.groups import GROUPS

RECORDED: dict[str, Answer] = json.loads(ANSWERS.read_text("utf-8"))
EXCEPTIONS: dict[str, Answer] = json.loads(DIFFERENT.read_text("utf-8"))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_deliveries_are_postfix_s(group: Group) -> None:
    ours, theirs = carry_out(group, GatepostInside), RECORDED[group.name]
    expected = {**theirs, **EXCEPTIONS.get(group.name, {})}
    for subject in sorted({*ours, *expected}):
        assert ours.get(subject, []) == expected.get(subject, []), subject
