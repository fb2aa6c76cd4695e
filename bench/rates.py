"""Rates, and processor time a message: both servers in turn, delivery going on all the time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.figures import Figure
from bench.lab import PASSWORD, USER, Lab, Server, await_all
from bench.zone import CLIENT

SIZE = 4096
"""Bytes of a message."""

MICRO = 1e6

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured. `messages` a round with smtp-source, `logins` a round with TLS and login."""

    rounds: int = 3
    messages: int = 3000
    logins: int = 1000
    idle: int = 10_000
    large: int = 50_000_000
    deferred: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """What one round of one server came to: messages a second accepted and relayed, microseconds a message."""

    accepted: float
    relayed: float
    cost: float

    def __str__(self) -> str:
        return f"{self.accepted:.0f} accepted, {self.relayed:.0f} relayed a second, {self.cost:.0f} µs a message"


Send = Callable[[Server, int], float]
"""Sends so many messages, and says how many seconds it took to have them accepted."""


def source(*options: str) -> Send:
    """Send with smtp-source."""

    def send(server: Server, messages: int) -> float:
        begin = time.monotonic()
        command = ["smtp-source", "-l", str(SIZE), *options, "-m", str(messages), "-f", "a@client.example"]
        subprocess.run([*command, "-t", "b@sink.example", f"{CLIENT}:{server.port}"], check=True)
        return time.monotonic() - begin

    return send


def submission(sessions: int) -> Send:
    """Submit with TLS and login; the time is the client's, without its start."""

    def send(server: Server, messages: int) -> float:
        words = (CLIENT, server.submission, messages, sessions, SIZE, USER, PASSWORD)
        command = [sys.executable, "-m", "bench.client", *map(str, words)]
        return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    return send


def measure(lab: Lab, server: Server, send: Send, messages: int) -> Measure:
    """One round: send, and wait until the smarthost has all and the queue is empty."""
    sunk, removed, spent = lab.sink.messages(), server.removed(), server.account.seconds()
    begin = time.monotonic()
    accepting = send(server, messages)
    await_all(lambda: lab.sink.messages() - sunk, messages, f"delivery by {server.kind}")
    relaying = max(accepting, time.monotonic() - begin)
    await_all(lambda: server.removed() - removed, messages, f"removal by {server.kind}")
    cost = (server.account.seconds() - spent) / messages
    return Measure(messages / accepting, messages / relaying, cost * MICRO)


Rounds = list[tuple[Measure, ...]]


def in_turn(lab: Lab, servers: Sequence[Server], send: Send, plan: tuple[int, int], say: Say) -> Rounds:
    """Measure the servers in turn, A B A B, after a short round to warm each. `plan`: rounds, messages."""
    rounds, messages = plan
    for server in servers:
        measure(lab, server, send, max(1, messages // 10))
    made: Rounds = []
    for number in range(rounds):
        made.append(tuple(measure(lab, server, send, messages) for server in servers))
        for server, each in zip(servers, made[-1], strict=True):
            say(f"  round {number + 1}, {server.kind}: {each}")
    return made


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of sending, and what is wanted of it: bound and aim of accepting and of relaying."""

    key: str
    title: str
    send: Send
    accept: tuple[float, float]
    relay: tuple[float, float]


MODES = (
    Mode("one-20", "one connection a message, 20 sessions", source("-s", "20"), (3, 4), (4, 6)),
    Mode("one-100", "one connection a message, 100 sessions", source("-s", "100"), (3, 4), (4, 6)),
    Mode("reused-20", "reused connections, 20 sessions", source("-d", "-s", "20"), (4, 7), (5, 9)),
)

COST = (0.25, 1 / 6)


def accept(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """Accepting and relaying through the smarthost, and what a message costs."""
    with lab.server("gatepost") as ours, lab.server("postfix") as theirs:
        for mode in MODES:
            say(f"relay: {mode.title}")
            made = in_turn(lab, (ours, theirs), mode.send, (options.rounds, options.messages), say)
            mine, base = zip(*made, strict=True)
            yield _rate(
                f"accept-{mode.key}",
                f"accept: {mode.title}",
                mode.accept,
                [tuple(each.accepted for each in side) for side in (mine, base)],
            )
            yield _rate(
                f"relay-{mode.key}",
                f"relay end to end: {mode.title}",
                mode.relay,
                [tuple(each.relayed for each in side) for side in (mine, base)],
            )
            yield _cost(f"cost-{mode.key}", f"CPU a relayed message: {mode.title}", COST, made)


def submit(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """Submission with TLS 1.3 and a login at Dovecot's socket."""
    say("submission: TLS 1.3 and login")
    with lab.server("gatepost") as ours, lab.server("postfix") as theirs:
        made = in_turn(lab, (ours, theirs), submission(20), (options.rounds, options.logins), say)
    yield _cost("cost-submission", "CPU a message: TLS 1.3 and login, 20 sessions", (1, 0.5), made)


def workers(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """Two workers beside one."""
    for mode in (MODES[0], MODES[2]):
        say(f"workers: {mode.title}")
        with lab.server("gatepost", gatepost_workers="2") as two, lab.server("gatepost", gatepost_workers="1") as one:
            made = in_turn(lab, (two, one), mode.send, (options.rounds, options.messages), say)
        title = f"CPU a message, two workers: {mode.title}"
        yield _cost(f"cost-workers-{mode.key}", title, (1.2, None), made, beside="one worker")


def _rate(key: str, title: str, wanted: tuple[float, float], sides: list[tuple[float, ...]]) -> Figure:
    return Figure(key, title, "messages/s", sides[0], sides[1], bound=wanted[0], aim=wanted[1])


def _cost(key: str, title: str, wanted: tuple[float, float | None], made: Rounds, *, beside: str = "Postfix") -> Figure:
    ours, base = (tuple(each.cost for each in side) for side in zip(*made, strict=True))
    return Figure(key, title, "µs", ours, base, beside=beside, more_is_better=False, bound=wanted[0], aim=wanted[1])
