"""Memory of Gatepost's processes together, and what many sessions, large messages and a long queue do to new mail."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench import deferred
from bench.figures import Figure
from bench.idle import visit
from bench.lab import Lab, Server
from bench.rates import MODES, Options, Say, in_turn, measure, source
from bench.zone import CLIENT

VISITS = 100
LARGE = 20
"""Large messages at the same time."""

INTERVAL = 0.05
"""Seconds between two looks at the memory."""


def idle(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """Many sessions that say nothing."""
    for words, bound in (((), 400), (("tls",), 700)):
        kind = "TLS" if words else "plain"
        say(f"idle: {options.idle} {kind} sessions")
        with lab.server("gatepost") as server:
            address = (CLIENT, server.port)
            port = server.submission if words else server.port
            command = [sys.executable, "-m", "bench.idle", CLIENT, str(port), str(options.idle), *words]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as clients:
                assert clients.stdout is not None
                if clients.stdout.readline() != b"ready\n":
                    raise subprocess.CalledProcessError(clients.wait(), command)
                memory = server.account.memory()
                meanwhile = tuple(visit(address) * 1e3 for _ in range(VISITS))
                assert clients.stdin is not None
                clients.stdin.close()
        title = f"{options.idle:,} idle {kind} sessions"
        yield Figure(f"idle-{kind}", f"{title}: memory", "MB", (memory,), more_is_better=False, bound=bound)
        yield Figure(
            f"visit-{kind}", f"{title}: a new session meanwhile", "ms", meanwhile, more_is_better=False, bound=100
        )


def large(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """Large messages at the same time, in and out."""
    say(f"large: {LARGE} messages of {options.large} bytes")
    with lab.server("gatepost") as server:
        measure(lab, server, source("-s", str(LARGE)), LARGE)
        before = server.account.memory()
        with _highest(server) as seen:
            measure(lab, server, source("-s", str(LARGE), "-l", str(options.large)), LARGE)
    title = f"{LARGE} messages of {options.large / 1e6:.0f} MB at once: more memory"
    yield Figure("large", title, "MB", (max(seen) - before,), more_is_better=False, bound=200)


@contextmanager
def _highest(server: Server) -> Iterator[list[float]]:
    """Look at the memory again and again meanwhile."""
    seen = [server.account.memory()]
    done = threading.Event()

    def look() -> None:
        while not done.wait(INTERVAL):
            seen.append(server.account.memory())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        done.set()
        looking.join()


def queue(lab: Lab, options: Options, say: Say) -> Iterator[Figure]:
    """A long queue of deferred messages, beside an empty one."""
    say(f"queue: {options.deferred} deferred messages")
    load = functools.partial(deferred.fill, messages=options.deferred, slots=len(os.sched_getaffinity(0)))
    with lab.server("gatepost", fill=load) as full, lab.server("gatepost") as empty:
        mode = MODES[0]
        made = in_turn(lab, (full, empty), mode.send, (options.rounds, options.messages), say)
        memory = full.account.memory()
        started = full.started
    title = f"{options.deferred:,} deferred messages"
    yield Figure("queue-start", f"{title}: start", "s", (started,), more_is_better=False, bound=10)
    yield Figure("queue-memory", f"{title}: memory", "MB", (memory,), more_is_better=False, bound=500)
    ours, base = (tuple(each.accepted for each in side) for side in zip(*made, strict=True))
    yield Figure("queue-accept", f"{title}: accept", "messages/s", ours, base, "empty queue", bound=0.8)
