"""How events are declared."""

from __future__ import annotations

import dataclasses

import pytest

from gatepost import maillog
from gatepost.mail.events import Event, Failed, Noted, Warned, event


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Noted("x").text = "y"  # type: ignore[misc]  # that is the point


def test_severity_is_part_of_the_text() -> None:
    assert maillog.text(Warned("x")) == "warning: x"
    assert maillog.text(Failed("x")) == "fatal: x"
    assert maillog.text(Noted("x")) == "x"


def test_brackets_can_be_escaped() -> None:
    @event(r"{name}\[{address}\][ ({note})]")
    class Bracketed(Event):
        name: str
        address: str
        note: str = ""

    assert maillog.text(Bracketed("a", "1")) == "a[1]"
    assert maillog.text(Bracketed("a", "1", "n")) == "a[1] (n)"
    assert Bracketed("a", "1", "n") == maillog.parse("a[1] (n)", (Bracketed,))
