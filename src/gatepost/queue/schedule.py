"""What to deliver now. Pure: the runner asks, acts, and tells what happened. Times are of a clock that never jumps.

The rules:

1. Recipients of one message that share transport and next hop travel together, up to the agent's recipient limit.
   Where that limit is 1, each recipient is a destination of its own (as with Postfix's `local`).
2. A destination has a window of deliveries at a time. A delivery that reached the destination opens it by the positive
   feedback, up to the agent's limit; one that did not closes it by the negative feedback. Feedback adds up until it
   makes a whole delivery. A window opens no further than is used: by the initial concurrency beyond what runs.
3. Failures add up in parts of the window (Postfix's pseudo-cohorts). When they make up the failed cohort limit, the
   destination is dead for `minimal_backoff_time`: what waits for it is deferred at once, with the failure's text. After
   that it is probed by one delivery at a time until one reaches it.
4. Destinations of a transport take turns, so that a long queue for one does not hold up the others.
5. What a message has beyond its first delivery, to a destination or to a transport, gives way to other messages, so
   that a small one does not wait behind a large one; but no more than `delivery_slot_cost` times in a row. A cost of 0
   means first come, first served.
6. Where a destination, or a transport, has a rate delay, its deliveries come one at a time, that long apart.

Rules 4 and 5 are start-time fair queueing: everything that waits has a place on a scale, the lowest goes first, and who
comes new enters where the scale has arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from gatepost.queue.record import Limits

_ROUNDING = 1e-5
"""What a sum of feedbacks may lack to be whole."""


class Target(NamedTuple):
    """Where a group of recipients goes. `share` parts those that must not share a delivery (rule 1)."""

    transport: str
    nexthop: str
    share: str = ""


class Batch(NamedTuple):
    """Recipients of one message for one delivery: the message's number and the numbers of its rows."""

    message: int
    target: Target
    rows: tuple[int, ...]


def batches(message: int, wanted: Sequence[tuple[int, str, Target]], limits: Mapping[str, Limits]) -> Iterator[Batch]:
    """Group rows by where they go (rule 1).

    `wanted` has each row's number, address and target; `limits` each transport's limits, the defaults where absent.
    """
    if len(wanted) == 1 and limits.get(wanted[0][2].transport, _USUAL).recipients != 1:
        yield Batch(message, wanted[0][2], (wanted[0][0],))  # as nearly always; what follows comes to the same
        return
    groups: dict[Target, list[int]] = {}
    for row, address, target in wanted:
        alone = limits.get(target.transport, _USUAL).recipients == 1
        key = Target(target.transport, target.nexthop, address.lower()) if alone else target
        groups.setdefault(key, []).append(row)
    for target, rows in groups.items():
        size = limits.get(target.transport, _USUAL).recipients or len(rows)
        for start in range(0, len(rows), size):
            yield Batch(message, target, tuple(rows[start : start + size]))


_USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a destination was not reached: no connection, or turned away at the greeting."""

    dsn: str
    text: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """A batch that is not to be tried now, because its destination is dead, and of what that died."""

    batch: Batch
    failure: Failure


class _Waiting(NamedTuple):
    """A batch that waits: its place among those for its destination, its place in the lane, when it came."""

    place: float
    lane_place: float
    order: int
    batch: Batch


@dataclass(slots=True, eq=False)
class _Destination:
    """One target's queue and window. `offer` is its valid entry among the lane's offers."""

    target: Target
    window: int
    waiting: list[_Waiting] = field(default_factory=list)
    busy: int = 0
    clock: float = 0.0  # where the scale of the batches has arrived
    turn: float = 0.0  # this destination's own place in the lane
    offer: int = 0
    opened: float = 0.0  # feedback that makes no whole delivery yet
    closed: float = 0.0
    cohorts: float = 0.0
    dead_until: float = 0.0
    suspect_until: float = 0.0
    rests_until: float = 0.0
    failure: Failure = Failure("4.4.1", "")


@dataclass(slots=True)
class _Lane:
    """One transport: how many deliveries run, and the destinations that have something to begin, in order."""

    limits: Limits
    busy: int = 0
    clock: float = 0.0
    rests_until: float = 0.0
    offers: list[tuple[float, int, _Destination]] = field(default_factory=list)
    resting: list[tuple[float, int, _Destination]] = field(default_factory=list)

    def may_begin(self, now: float) -> bool:
        if self.limits.transport_rate_delay:
            return not self.busy and now >= self.rests_until
        return not self.limits.processes or self.busy < self.limits.processes

    def advance(self, clock: float, place: float) -> float:
        """Where a scale has arrived when what has this place on it begins.

        It moves on with every delivery, so that what gives way does so no more than so many times; but not beyond what
        the next round has, so that who comes then need not wait for longer than a round.
        """
        return min(max(clock, place) + 1 / (self.limits.slot_cost + 1), place + 1)


class Schedule:
    """The deliveries that wait and run. Rebuilt from the ledger after a restart, so nothing in it is precious.

    `penalty` is how long the dead are left alone; `probation`, how long it is remembered that they were dead.
    """

    def __init__(self, limits: Mapping[str, Limits], *, penalty: float = 300.0, probation: float = 4000.0) -> None:
        self._limits = limits
        self._penalty = penalty
        self._probation = probation
        self._destinations: dict[Target, _Destination] = {}
        self._lanes: dict[str, _Lane] = {}
        self._order = 0

    def adopt(self, limits: Mapping[str, Limits], *, penalty: float, probation: float) -> None:
        """Take over the limits of a new configuration; what runs goes on."""
        self._limits, self._penalty, self._probation = limits, penalty, probation
        for transport, lane in self._lanes.items():
            lane.limits = limits.get(transport, _USUAL)

    def add(self, wanted: Iterable[Batch], now: float) -> list[Suspension]:
        """Let batches of one message wait for their turn; suspensions for those whose destination is dead."""
        suspended: list[Suspension] = []
        earlier: dict[str | Target, int] = {}  # batches of the message in the lane, and for the destination
        for batch in wanted:
            target = batch.target
            destination = self._destinations.get(target)
            if destination is None:
                destination = self._destinations[target] = _Destination(target, self._first_window(target))
            if now < destination.dead_until:
                suspended.append(Suspension(batch, destination.failure))
                continue
            lane = self._lane(target.transport)
            here, there = earlier.get(target.transport, 0), earlier.get(target, 0)
            if lane.limits.slot_cost:
                earlier[target.transport], earlier[target] = here + 1, there + 1
            self._order += 1
            waiting = _Waiting(destination.clock + there, lane.clock + here, self._order, batch)
            heappush(destination.waiting, waiting)
            if destination.waiting[0] is waiting:
                self._make_offer(lane, destination, now)
        return suspended

    def start(self, now: float) -> list[Batch]:
        """The batches whose turn it is now; each counts as running until `done` is told of it."""
        started: list[Batch] = []
        for lane in self._lanes.values():
            while lane.resting and lane.resting[0][0] <= now:
                self._make_offer(lane, heappop(lane.resting)[2], now)
            while lane.offers and lane.may_begin(now):
                place, offer, destination = heappop(lane.offers)
                if destination.offer != offer:
                    continue
                waiting = heappop(destination.waiting)
                destination.offer = 0
                destination.clock = lane.advance(destination.clock, waiting.place)
                lane.clock = lane.advance(lane.clock, place)
                destination.turn = place + 1
                destination.busy += 1
                lane.busy += 1
                started.append(waiting.batch)
                self._make_offer(lane, destination, now)
        return started

    def next_start(self) -> float | None:
        """When something that rests now may begin; None where nothing does."""
        earliest: float | None = None
        for lane in self._lanes.values():
            if lane.resting and (earliest is None or lane.resting[0][0] < earliest):
                earliest = lane.resting[0][0]
            waits = lane.limits.transport_rate_delay and lane.offers and not lane.busy
            if waits and (earliest is None or lane.rests_until < earliest):
                earliest = lane.rests_until
        return earliest

    def done(self, batch: Batch, failure: Failure | None, now: float) -> list[Suspension]:
        """A batch has run; returns what waited for its destination, if that is dead now."""
        destination = self._destinations[batch.target]
        lane = self._lane(batch.target.transport)
        if failure is None:
            self._open(lane.limits, destination)
        elif now >= destination.dead_until:
            self._close(lane.limits, destination, failure, now)
        destination.busy -= 1
        lane.busy -= 1
        destination.rests_until = now + lane.limits.rate_delay
        lane.rests_until = now + lane.limits.transport_rate_delay
        suspended: list[Suspension] = []
        if now < destination.dead_until:
            suspended = [Suspension(waiting.batch, destination.failure) for waiting in sorted(destination.waiting)]
            destination.waiting.clear()
            destination.offer = 0
        self._make_offer(lane, destination, now)
        self._forget_if_idle(destination, now)
        return suspended

    def withdraw(self, message: int, now: float) -> list[Batch]:
        """Take back what waits for a message; what runs goes on."""
        taken: list[Batch] = []
        for destination in list(self._destinations.values()):
            mine = [waiting.batch for waiting in destination.waiting if waiting.batch.message == message]
            if mine:
                taken += mine
                destination.waiting = [one for one in destination.waiting if one.batch.message != message]
                heapify(destination.waiting)
                destination.offer = 0
                self._make_offer(self._lane(destination.target.transport), destination, now)
        return taken

    def revive(self, now: float) -> None:
        """Give dead destinations another chance (flush)."""
        for destination in list(self._destinations.values()):
            if destination.suspect_until:
                destination.dead_until = destination.suspect_until = 0.0
                destination.window = self._first_window(destination.target)
            self._forget_if_idle(destination, now)

    def expire(self, now: float) -> None:
        """Forget those that were dead, once their time is up."""
        for destination in list(self._destinations.values()):
            self._forget_if_idle(destination, now)

    def _make_offer(self, lane: _Lane, destination: _Destination, now: float) -> None:
        """Put a destination among those that may begin something, where it may."""
        if not destination.waiting or destination.busy >= min(destination.window, _most(lane.limits)):
            return
        if now < destination.rests_until:
            self._order += 1
            heappush(lane.resting, (destination.rests_until, self._order, destination))
            return
        head = destination.waiting[0]
        if destination.offer != head.order:
            destination.offer = head.order
            heappush(lane.offers, (max(destination.turn, head.lane_place), head.order, destination))

    def _open(self, limits: Limits, destination: _Destination) -> None:
        destination.cohorts = 0.0
        if destination.suspect_until:
            destination.dead_until = destination.suspect_until = 0.0
            destination.window = self._first_window(destination.target)
            return
        if destination.window >= destination.busy + limits.initial:
            return
        destination.opened += limits.positive.of(destination.window)
        while destination.opened + _ROUNDING >= 1:
            destination.opened -= 1
            destination.window = min(destination.window + 1, _most(limits))
            destination.closed = 0.0

    def _close(self, limits: Limits, destination: _Destination, failure: Failure, now: float) -> None:
        destination.cohorts += 1 / destination.window
        if limits.failed_cohorts and destination.cohorts + _ROUNDING >= limits.failed_cohorts:
            destination.dead_until = now + self._penalty
            destination.suspect_until = destination.dead_until + self._probation
            destination.failure = failure
            destination.cohorts = destination.opened = destination.closed = 0.0
            destination.window = 1
            return
        destination.closed -= limits.negative.of(destination.window)
        while destination.closed < -_ROUNDING:
            destination.closed += 1
            destination.window = max(destination.window - 1, 1)
            destination.opened = 0.0

    def _forget_if_idle(self, destination: _Destination, now: float) -> None:
        """Drop a destination with nothing to do, so that memory follows the work, not the history."""
        remembered = max(destination.suspect_until, destination.rests_until)
        if not destination.busy and not destination.waiting and now >= remembered:
            self._destinations.pop(destination.target, None)

    def _lane(self, transport: str) -> _Lane:
        lane = self._lanes.get(transport)
        if lane is None:
            lane = self._lanes[transport] = _Lane(self._limits.get(transport, _USUAL))
        return lane

    def _first_window(self, target: Target) -> int:
        limits = self._limits.get(target.transport, _USUAL)
        return min(limits.initial, _most(limits))


def _most(limits: Limits) -> int:
    """The widest that a window may be; 0 in the configuration means as wide as the transport allows."""
    if limits.rate_delay:
        return 1
    return limits.concurrency or limits.processes or _USUAL.processes
