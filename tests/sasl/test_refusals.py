"""Refused logins."""

from __future__ import annotations

import pytest

from gatepost.sasl import refusals
from gatepost.sasl.refusals import Refusals

KEY = ("h", "u", "p")


def test_a_refusal_is_known_for_its_time() -> None:
    now = [100.0]
    known = Refusals(60.0, lambda: now[0])
    assert "" == known.find(KEY)
    known.add(KEY, "535 no")
    assert "535 no" == known.find(KEY)
    assert "" == known.find(("h", "u", "q"))
    now[0] += 60.0
    assert "" == known.find(KEY)


def test_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "REMEMBERED", 1)
    known = Refusals(60.0, lambda: 0.0)
    known.add(KEY, "535 no")
    known.add(("h", "v", "p"), "535 no")
    assert ("", "535 no") == (known.find(KEY), known.find(("h", "v", "p")))
