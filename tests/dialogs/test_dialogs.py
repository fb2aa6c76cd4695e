"""Every dialog beside this file, whole and cut to pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.clock import run
from tests.fakes.dialogs import Dialog, play, read

DIALOGS = [dialog for path in sorted(Path(__file__).parent.glob("*.dialog")) for dialog in read(path)]


@pytest.mark.parametrize("at_once", [0, 1, 7], ids=["whole", "byte by byte", "in sevens"])
@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda dialog: dialog.name)
def test_dialog(dialog: Dialog, at_once: int) -> None:
    said, played = run(play(dialog, at_once=at_once))
    expected = [(who, text) for who, text in dialog.steps if who != "X"]
    assert expected == [(who, text) for who, text in said if who != "X"]
    if ("X", "") in dialog.steps:
        assert ("X", "") in said
    assert not played.intake.open, "a message was neither taken nor dropped"
    if dialog.content is not None:
        assert dialog.content.encode() == played.intake.taken[0][1]
    if dialog.log is not None:
        assert dialog.log == played.log[1:]
