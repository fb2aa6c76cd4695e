"""What agents need."""

from __future__ import annotations

from gatepost.config.own import OwnAddresses
from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.events import Event, Noted
from tests.fakes.oracle import FakeOracle


def test_each_attempt_logs_under_its_number() -> None:
    logged: list[tuple[int, Event]] = []
    world = Surroundings(FakeOracle, lambda number: lambda event: logged.append((number, event)), OwnAddresses())
    world.emit(7)(Noted("x"))
    assert logged == [(7, Noted("x"))]
