"""Destinations and their traffic."""

from __future__ import annotations

import pytest

from gatepost.delivery.destination import KNOWN, Destination, Destinations

MOMENT = 2.0


def test_a_next_hop_is_read_once_with_its_fallback() -> None:
    known = Destinations("[fall.example]", by_mx=True)
    assert [hop.text for hop in known["b.example"].hops] == ["b.example", "[fall.example]"]
    assert known["b.example"] is known["b.example"]


def test_no_next_hop_is_a_fault() -> None:
    fault = Destinations("", by_mx=True)[""].fault
    assert fault is not None
    assert (fault.dsn, fault.text) == ("4.3.5", "Server configuration error: no next hop")


@pytest.mark.parametrize(
    ("busy", "happened"),
    [
        (False, "begin 0"),
        (False, "begin 0, end 1, begin 5"),
        (True, "begin 0, end 1, begin 2"),
        (True, "begin 0, begin 1"),
        (True, "begin 0, begin 1, end 2"),
    ],
)
def test_traffic_is_more_than_one_delivery_at_a_time_or_within_a_moment(busy: bool, happened: str) -> None:
    destination = Destination()
    for what, when in (word.split() for word in happened.split(", ")):
        if what == "begin":
            destination.begin(float(when), MOMENT)
        else:
            destination.end(float(when))
    assert busy is destination.in_traffic


def test_quiet_destinations_are_forgotten_when_there_are_many() -> None:
    known = Destinations("", by_mx=True)
    busy = known["busy.example"]
    busy.begin(0.0, MOMENT)
    quiet = known["quiet.example"]
    for number in range(KNOWN):
        known[f"{number}.example"]
    assert known["busy.example"] is busy
    assert known["quiet.example"] is not quiet
