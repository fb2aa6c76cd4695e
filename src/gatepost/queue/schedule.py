"""What to deliver now, and when to try again. Pure: the runner asks, acts, and tells what happened.

The rules:

1. Recipients of one message that share transport and next hop travel together, up to the agent's recipient limit.
   Where that limit is 1, each recipient is a destination of its own (as with Postfix's `local`).
2. A destination has a window of deliveries at a time. It opens by one after a delivery that reached the destination,
   up to the agent's limit, and closes by one after a delivery that did not.
3. Failures add up in parts of the window (Postfix's pseudo-cohorts). When they make up a whole one, the destination
   is dead for `minimal_backoff_time`: what waits for it is deferred at once, with the failure's text.
4. Destinations of a transport take turns, so that a long queue for one does not hold up the others.
5. A message is tried again after as long as it has been in the queue, within the two back-off times.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gatepost.queue.record import Limits, StoredMessage

FAILED_COHORTS = 1.0
"""Windows of failures after which a destination is dead (default_destination_concurrency_failed_cohort_limit)."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again, when to warn, when to give up. All in seconds."""

    minimal_backoff: float = 300.0
    maximal_backoff: float = 4000.0
    lifetime: float = 5 * 86400.0
    bounce_lifetime: float = 5 * 86400.0
    warn_after: float = 0.0

    def next_attempt(self, arrived: float, now: float) -> float:
        """When a message that came in at `arrived`, and failed now, is due again.

        Whole seconds, so that it is due when the look for due mail comes round, and not a moment later.
        """
        return math.floor(now) + min(max(now - arrived, self.minimal_backoff), self.maximal_backoff)

    def has_expired(self, message: StoredMessage, now: float) -> bool:
        """Whether a message that nobody took is given up; reports have a lifetime of their own."""
        lifetime = self.lifetime if message.envelope.sender else min(self.bounce_lifetime, self.lifetime)
        return now - message.arrived >= lifetime

    def owes_warning(self, message: StoredMessage, now: float) -> bool:
        """Whether the sender is to hear now that the message is delayed."""
        waited = now - message.arrived
        return 0 < self.warn_after <= waited and not message.warned and bool(message.envelope.sender)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a group of recipients goes. `share` parts those that must not share a delivery (rule 1)."""

    transport: str
    nexthop: str
    share: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Recipients of one message for one delivery: the message's number and the numbers of its rows."""

    message: int
    target: Target
    rows: tuple[int, ...]


def batches(message: int, wanted: Iterable[tuple[int, str, Target]], limits: Mapping[str, Limits]) -> Iterator[Batch]:
    """Group rows by where they go (rule 1).

    `wanted` has each row's number, address and target; `limits` each transport's limits, the defaults where absent.
    """
    groups: dict[Target, list[int]] = {}
    for row, address, target in wanted:
        alone = limits.get(target.transport, Limits()).recipients == 1
        key = Target(target.transport, target.nexthop, address.lower()) if alone else target
        groups.setdefault(key, []).append(row)
    for target, rows in groups.items():
        size = limits.get(target.transport, Limits()).recipients or len(rows)
        for start in range(0, len(rows), size):
            yield Batch(message, target, tuple(rows[start : start + size]))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a destination was not reached: no connection, or turned away at the greeting."""

    dsn: str
    text: str


@dataclass(slots=True)
class _Destination:
    """One target's queue and window (rules 2 and 3)."""

    window: float
    waiting: deque[Batch] = field(default_factory=deque)
    busy: int = 0
    failures: float = 0.0
    dead_until: float = 0.0
    failure: Failure = Failure("4.4.1", "")


@dataclass(slots=True)
class _Lane:
    """One transport: how many deliveries run, and the destinations that have something waiting, in turn."""

    limits: Limits
    busy: int = 0
    turns: deque[Target] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Suspension:
    """A batch that is not to be tried now, because its destination is dead, and of what that died."""

    batch: Batch
    failure: Failure


class Schedule:
    """The deliveries that wait and run. Rebuilt from the ledger after a restart, so nothing in it is precious."""

    def __init__(self, limits: Mapping[str, Limits], *, initial_window: int = 5, penalty: float = 300.0) -> None:
        self._limits = limits
        self._initial = initial_window
        self._penalty = penalty
        self._destinations: dict[Target, _Destination] = {}
        self._lanes: dict[str, _Lane] = {}

    def adopt(self, limits: Mapping[str, Limits], *, initial_window: int, penalty: float) -> None:
        """Take over the limits of a new configuration; what runs goes on."""
        self._limits, self._initial, self._penalty = limits, initial_window, penalty
        for transport, lane in self._lanes.items():
            lane.limits = limits.get(transport, Limits())

    def add(self, batch: Batch, now: float) -> Suspension | None:
        """Let a batch wait for its turn; a suspension instead where its destination is dead."""
        destination = self._destinations.get(batch.target)
        if destination is None:
            destination = self._destinations[batch.target] = _Destination(self._first_window(batch.target))
        if now < destination.dead_until:
            return Suspension(batch, destination.failure)
        destination.waiting.append(batch)
        if len(destination.waiting) == 1:
            self._lane(batch.target).turns.append(batch.target)
        return None

    def start(self) -> list[Batch]:
        """The batches whose turn it is now; each counts as running until `done` is told of it (rule 4)."""
        started: list[Batch] = []
        for lane in self._lanes.values():
            idle = 0  # destinations in a row whose window is full
            while lane.turns and idle < len(lane.turns) and lane.busy < (lane.limits.processes or lane.busy + 1):
                target = lane.turns.popleft()
                destination = self._destinations[target]
                if destination.busy >= int(destination.window):
                    lane.turns.append(target)
                    idle += 1
                    continue
                started.append(destination.waiting.popleft())
                destination.busy += 1
                lane.busy += 1
                idle = 0
                if destination.waiting:
                    lane.turns.append(target)
        return started

    def done(self, batch: Batch, failure: Failure | None, now: float) -> list[Suspension]:
        """A batch has run; returns what waited for its destination, if that is dead now."""
        destination = self._destinations[batch.target]
        destination.busy -= 1
        self._lane(batch.target).busy -= 1
        suspended: list[Suspension] = []
        if failure is None:
            destination.failures = 0.0
            destination.window = min(destination.window + 1, self._most(batch.target))
        else:
            destination.failures += 1 / destination.window
            destination.window = max(destination.window - 1, 1)
            if destination.failures >= FAILED_COHORTS:
                suspended = self._bury(batch.target, destination, failure, now)
        self._forget_if_idle(batch.target, destination, now)
        return suspended

    def withdraw(self, message: int) -> list[Batch]:
        """Take back what waits for a message; what runs goes on."""
        taken: list[Batch] = []
        for target, destination in list(self._destinations.items()):
            mine = [batch for batch in destination.waiting if batch.message == message]
            if mine:
                taken += mine
                destination.waiting = deque(batch for batch in destination.waiting if batch.message != message)
                if not destination.waiting:
                    self._lane(target).turns.remove(target)
        return taken

    def revive(self) -> None:
        """Give dead destinations another chance (flush)."""
        for target, destination in list(self._destinations.items()):
            destination.dead_until = 0.0
            self._forget_if_idle(target, destination, 0.0)

    def expire(self, now: float) -> None:
        """Forget the dead whose time is up."""
        for target, destination in list(self._destinations.items()):
            self._forget_if_idle(target, destination, now)

    def _bury(self, target: Target, destination: _Destination, failure: Failure, now: float) -> list[Suspension]:
        destination.dead_until = now + self._penalty
        destination.failure = failure
        destination.failures = 0.0
        destination.window = self._first_window(target)
        suspended = [Suspension(batch, failure) for batch in destination.waiting]
        if suspended:
            destination.waiting.clear()
            self._lane(target).turns.remove(target)
        return suspended

    def _forget_if_idle(self, target: Target, destination: _Destination, now: float) -> None:
        """Drop a destination with nothing to do, so that memory follows the work, not the history."""
        if not destination.busy and not destination.waiting and now >= destination.dead_until:
            del self._destinations[target]

    def _lane(self, target: Target) -> _Lane:
        lane = self._lanes.get(target.transport)
        if lane is None:
            lane = self._lanes[target.transport] = _Lane(self._limits.get(target.transport, Limits()))
        return lane

    def _most(self, target: Target) -> int:
        """The widest that a window may be; 0 in the configuration means as wide as the transport allows."""
        limits = self._limits.get(target.transport, Limits())
        return limits.concurrency or limits.processes or Limits().processes

    def _first_window(self, target: Target) -> int:
        return min(self._initial, self._most(target))
