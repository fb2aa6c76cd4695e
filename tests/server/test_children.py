"""When a child that died is started again, and when a worker counts as hung."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gatepost.server import control
from gatepost.server.children import HEALTHY, HELPER, Child, Pulse
from gatepost.server.control import Message, Word
from gatepost.server.notify import Notifier


class Heard(Notifier):
    """Counts what the service manager is told."""

    def __init__(self, watchdog: float = 0.0) -> None:
        super().__init__("", watchdog)
        object.__setattr__(self, "beats", [])

    beats: list[str]

    def alive(self) -> None:
        self.beats.append("alive")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with ExitStack() as stack:
        ours, theirs = control.pair()
        stack.enter_context(ours)
        stack.enter_context(theirs)
        for end in (ours, theirs):
            end.setblocking(False)
        yield ours, theirs


def lives(*seconds: float) -> list[float]:
    """The waits after lives of so many seconds, one after another."""
    with socket.socket() as end:
        child, now, waits = Child(0), 0.0, []
        for life in seconds:
            child.begin(1, end, now)
            now += life
            waits.append(child.died(now))
            assert now + waits[-1] == child.due
            now = child.due
        return waits


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ([0.0], (0.1,)),
        ([0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0], (0.1,) * 10),
        ([0.0, 0.0, 0.0], (HEALTHY + 1,) * 3),
        ([0.0, 0.5, 1.0, 0.0, 0.5], (0.1, 0.1, 0.1, HEALTHY + 1, 0.1)),
    ],
)
def test_pauses(waits: list[float], seconds: tuple[float, ...]) -> None:
    assert waits == lives(*seconds)


def test_a_child_that_begins_is_asked_nothing_until_it_serves(ends: tuple[socket.socket, socket.socket]) -> None:
    child = Child(0, reloads=2, unanswered=3, ready=True)
    child.begin(5, ends[0], 1.0)
    assert Child(0, 5, ends[0], 1.0) == child
    helper = Child(HELPER)
    helper.begin(6, ends[0], 1.0)
    assert helper.ready
    assert ("worker 0", "mailbox helper") == (child.name, helper.name)


def test_a_worker_that_answers_lives(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    heard = Heard(60.0)
    pulse, child = Pulse(heard, 30.0), Child(0, 1, ours, ready=True)
    for beat in range(10):
        assert [] == pulse.beat([child], beat * 10.0)
        assert Message(Word.PING) == control.receive(theirs)
        child.unanswered = 0  # it did
    assert heard.beats == ["alive"] * 10


def test_a_worker_that_does_not_answer_is_hung(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    heard = Heard(60.0)
    pulse, child = Pulse(heard, 30.0), Child(0, 1, ours, ready=True)
    starting = Child(1)
    assert [] == pulse.beat([child, starting], 0.0)
    assert [] == pulse.beat([child, starting], 1.0)  # too early
    assert [] == pulse.beat([child, starting], 1000.0)  # the machine stood still; that is one beat
    assert [] == pulse.beat([child, starting], 1010.0)
    assert [child] == pulse.beat([child, starting], 1020.0)
    assert Message(Word.PING) == control.receive(theirs)
    with pytest.raises(BlockingIOError):
        control.receive(theirs)  # it is asked once
    assert heard.beats == ["alive"]  # the first beat, before there was a doubt


def test_nobody_serves_nobody_is_well() -> None:
    heard = Heard(60.0)
    assert [] == Pulse(heard, 30.0).beat([Child(0), Child(1)], 0.0)
    assert heard.beats == []


@pytest.mark.parametrize(
    ("interval", "limit", "watchdog"),
    [(10.0, 30.0, 0.0), (5.0, 30.0, 15.0), (5.0, 0.0, 15.0), (0.0, 0.0, 0.0), (2.0, 6.0, 60.0)],
)
def test_interval(interval: float, limit: float, watchdog: float) -> None:
    pulse = Pulse(Notifier("", watchdog), limit)
    assert interval == pulse.interval
    assert [] == pulse.beat([], 0.0)
    pulse.adopt(3.0)
    assert pulse.interval == 1.0


def test_without_a_limit_nobody_is_hung(ends: tuple[socket.socket, socket.socket]) -> None:
    heard = Heard(3.0)
    pulse, child = Pulse(heard, 0.0), Child(0, 1, ends[0], ready=True)
    for beat in range(20):
        assert [] == pulse.beat([child], float(beat))
    assert heard.beats == ["alive"]  # and then the service manager decides
