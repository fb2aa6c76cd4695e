"""The supervisor: binds ports, starts workers without privileges, replaces those that die, reloads, stops.

The rules:

1. It parses nothing from the network, and has no threads and no event loop, so that it may fork at any time.
2. Everything that needs root is done here: ports, log file, files that only root may read.
3. A worker that dies, or whose event loop does not answer any more, is replaced (`children`).
4. A reload is whole or not at all: the new configuration is read and checked here first; only then the workers hear
   of it. What is wrong is logged, and the old configuration stays in force. systemd hears that a reload is through when
   every worker has said so.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from gatepost.config.findings import ConfigurationError, errors
from gatepost.config.load import Configuration
from gatepost.mail.events import Emit, Failed, Noted, Warned
from gatepost.maillog import Logger
from gatepost.server import control, sockets
from gatepost.server.children import HELPER, Child, Pulse
from gatepost.server.control import Message, Word
from gatepost.server.instance import VERSION, Instance
from gatepost.server.logsink import LogSink
from gatepost.server.notify import Notifier

STOP_PARTS = 2
"""A stop has two parts, each with `gatepost_stop_limit`: sessions, then deliveries."""

LAST_MOMENTS = 5.0
"""Seconds beyond that, after which a worker that does not end is killed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a forked child is to do: its number, its end of the control channel, its sockets."""

    number: int
    end: socket.socket
    listeners: tuple[tuple[sockets.Endpoint, socket.socket], ...]
    parent: int


@dataclass(frozen=True, slots=True)
class Ground:
    """What the supervisor stands on, decided before it starts."""

    instance: Instance
    sink: LogSink
    workers: int
    load: Callable[[], Configuration]
    """Reads and checks the configuration; raises ConfigurationError."""
    private_files: Callable[[Configuration], dict[str, bytes]]
    work: Callable[[Configuration, Task], int]
    """What a worker does, to its exit status; called in the child."""
    bury: Callable[[int], None]
    """Puts away what a dead worker has left in shared memory."""
    help: Callable[[int], None] | None = None
    """What the mailbox helper does, which stays root; called in the child with the supervisor's process id."""
    notifier: Notifier = field(default_factory=Notifier)


class Phase(Enum):
    """How far the end is."""

    SERVING = 0
    STOPPING = 1  # workers finish what they have begun
    FAILED = 2  # likewise, after a start that did not work out
    LEAVING = 3  # at once


class Supervisor:
    """Runs until a signal ends it."""

    def __init__(self, configuration: Configuration, ground: Ground) -> None:
        self._configuration = configuration
        self._ground = ground
        self._bound = sockets.bind_all(configuration, ground.workers, {})
        self._workers = [Child(number) for number in range(ground.workers)]
        self._children = [*self._workers, *([Child(HELPER)] if ground.help else [])]
        self._selector = selectors.DefaultSelector()
        self._emit: Emit = Logger(ground.sink).bind("master", os.getpid())
        self._began = time.time()
        self._announced = False
        self._phase = Phase.SERVING
        self._lock = -1
        self._deadline = 0.0  # of the end, once that has begun
        self._reloading = False  # until all workers have answered
        self._again = False  # another reload was asked for meanwhile
        self._pulse = Pulse(ground.notifier, configuration.settings.gatepost_worker_limit.total_seconds())

    def run(self) -> int:
        """Start, serve, stop; the exit status."""
        self._lock = self._ground.instance.lock()
        wakeup = _catch_signals()
        self._selector.register(wakeup, selectors.EVENT_READ)
        for child in self._children:
            self._start(child)
        while self._phase is Phase.SERVING or self._live():
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is wakeup:
                    self._signalled(wakeup.recv(64))
                elif isinstance(key.data, Child):
                    self._heard(key.data)
            self._look_after()
            if self._phase is Phase.LEAVING or (self._deadline and time.monotonic() > self._deadline):
                break
        return self._end()

    def _live(self) -> bool:
        return any(child.pid for child in self._workers)

    def _patience(self) -> float | None:
        waiting = [self._deadline] if self._deadline else []
        if self._phase is Phase.SERVING:
            waiting += (child.due for child in self._children if not child.pid)
            waiting += [self._pulse.due] if self._pulse.interval else []
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    # Children

    def _start(self, child: Child) -> None:
        ours, theirs = control.pair()
        self._ground.sink.flush()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            os._exit(self._become(child, theirs, parent))
        theirs.close()
        ours.setblocking(False)
        child.begin(pid, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, child)

    def _become(self, child: Child, end: socket.socket, parent: int) -> int:
        """Be the child: let go of what is the supervisor's, and work."""
        gc.freeze()  # a collection would write to every page that is shared with the others
        try:
            signal.set_wakeup_fd(-1)
            self._selector.close()
            os.close(self._lock)
            for other in self._children:
                if other.end is not None:
                    other.end.close()
            if child.number == HELPER and self._ground.help is not None:
                for bound in self._bound.values():
                    sockets.close(bound)
                self._ground.help(parent)
                return 0
            listeners = []
            for endpoint, own in self._bound.items():
                for number, each in enumerate(own):
                    if number == child.number:
                        listeners.append((endpoint, each))
                    else:
                        each.close()
            return self._ground.work(self._configuration, Task(child.number, end, tuple(listeners), parent))
        except BaseException as error:  # noqa: BLE001 - nothing may unwind into the supervisor's frames
            self._emit(Failed(f"{child.name}: {type(error).__name__}: {error}"))
            self._ground.sink.flush()
            return 1

    def _heard(self, child: Child) -> None:
        if child.end is None:
            return
        try:
            message = control.receive(child.end)
        except BlockingIOError:
            return
        match message:
            case None:
                self._forget(child)
            case Message(word=Word.READY):
                child.ready = True
                self._announce()
            case Message(word=Word.PONG):
                child.unanswered = 0
            case Message(word=Word.RELOADED):
                child.reloads -= 1
                self._reloaded()
            case Message(word=Word.REFUSED):
                self._emit(Warned(f"{child.name} keeps its old configuration: {message.text}"))
                child.reloads -= 1
                self._reloaded()
            case _:
                pass

    def _forget(self, child: Child) -> None:
        if child.end is not None:
            self._selector.unregister(child.end)
            child.end.close()
            child.end = None

    def _reap(self) -> None:
        for child in self._children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._died(child, os.waitstatus_to_exitcode(status))

    def _died(self, child: Child, status: int) -> None:
        self._forget(child)
        pid, wait = child.pid, child.died(time.monotonic())
        if child.number != HELPER:
            self._ground.bury(child.number)
        if self._phase is not Phase.SERVING:
            return
        how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
        self._emit(Warned(f"{child.name} pid {pid} {how}"))
        if not self._announced and status:
            self._emit(Failed("the server could not start"))
            # the log may be in a file, where nobody looks yet
            sys.stderr.write(f"gatepost: the server could not start; the log says why ({how})\n")
            self._wind_up(Phase.FAILED)
            return
        if wait:
            self._emit(Warned(f"{child.name} dies again and again -- throttling; next start in {wait:g} s"))
        self._reloaded()

    def _look_after(self) -> None:
        """Start those that are due, and kill those that do not answer, which makes them due."""
        if self._phase is not Phase.SERVING:
            return
        now = time.monotonic()
        for child in self._children:
            if not child.pid and now >= child.due:
                self._start(child)
        for child in self._pulse.beat(self._workers if self._announced else (), now):
            self._emit(Warned(f"{child.name} pid {child.pid} has not answered for {self._pulse.limit:g} s; killed"))
            os.kill(child.pid, signal.SIGKILL)

    # What signals ask for

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            match number:
                case signal.SIGCHLD:
                    self._reap()
                case signal.SIGHUP:
                    self._reload()
                case signal.SIGTERM | signal.SIGINT:
                    self._stop(number)
                case _:
                    pass

    def _stop(self, number: int) -> None:
        if self._phase is not Phase.SERVING:
            self._phase = Phase.LEAVING  # asked twice: at once
            return
        self._emit(Noted(f"terminating on signal {number}"))
        self._wind_up(Phase.STOPPING)

    def _wind_up(self, phase: Phase) -> None:
        self._phase = phase
        limit = self._configuration.settings.gatepost_stop_limit.total_seconds()
        self._deadline = time.monotonic() + STOP_PARTS * limit + LAST_MOMENTS
        self._ground.notifier.stopping()
        for bound in self._bound.values():
            sockets.close(bound)
        self._tell(Message(Word.STOP))

    def _reload(self) -> None:
        if self._phase is not Phase.SERVING:
            return
        self._ground.sink.reopen()
        self._tell(Message(Word.REOPEN))
        if self._reloading:
            self._again = True
            return
        self._reloading, self._again = True, False
        self._ground.notifier.reloading()
        try:
            configuration = self._ground.load()
            bound = sockets.bind_all(configuration, self._ground.workers, self._bound)
        except ConfigurationError as error:
            for finding in errors(error.findings):
                self._emit(Warned(f"reload: {finding.place or 'configuration'}: {finding.message}"))
            self._emit(Warned("the configuration has errors; the old one stays in force"))
        else:
            self._adopt(configuration, bound)
        self._reloaded()

    def _adopt(self, configuration: Configuration, bound: sockets.Sockets) -> None:
        before, self._bound, self._configuration = self._bound, bound, configuration
        private = self._ground.private_files(configuration)
        for child in self._workers:
            files = control.seal(private)
            names = tuple(f"{host} {port}" for host, port in bound)
            ends = tuple(each[child.number].fileno() for each in bound.values())
            if child.end is not None:
                child.reloads += control.send(child.end, Message(Word.RELOAD, "", names, (files, *ends)))
            os.close(files)
        for endpoint, old in before.items():
            if endpoint not in bound:
                sockets.close(old)
        self._pulse.adopt(configuration.settings.gatepost_worker_limit.total_seconds())
        self._emit(Noted(f"reload -- version {VERSION}, configuration {configuration.directory}"))
        self._write_status()

    def _reloaded(self) -> None:
        """When all workers are through with a reload, the service manager hears of it."""
        if self._reloading and not any(child.reloads for child in self._workers):
            self._reloading = False
            self._ground.notifier.ready(self._status())
            if self._again:
                self._reload()

    def _tell(self, message: Message) -> None:
        for child in self._children:
            if child.end is not None:
                control.send(child.end, message)

    # Announcements

    def _announce(self) -> None:
        """Say that all are there; when one comes in the place of another, write down who they are now."""
        if not all(child.ready for child in self._children):
            return
        self._write_status()
        if self._announced:
            return
        self._announced = True
        self._emit(Noted(f"daemon started -- version {VERSION}, configuration {self._configuration.directory}"))
        self._ground.notifier.ready(self._status())

    def _status(self) -> str:
        """A line for `systemctl status`."""
        return f"{len(self._workers)} workers, {len(self._bound)} ports, configuration {self._configuration.directory}"

    def _write_status(self) -> None:
        """Leave what `gatepost status` shows beside the lock."""
        services = [
            {"service": service.name, "address": host, "port": port}
            for service, (host, port) in sockets.served(self._configuration)
        ]
        status = {
            "pid": os.getpid(),
            "version": VERSION,
            "configuration": str(self._configuration.directory),
            "since": self._began,
            "loaded": time.time(),
            "workers": [child.pid for child in self._workers],
            "services": services,
        }
        _replace(self._ground.instance.status_file, json.dumps(status).encode("ascii"))

    def _end(self) -> int:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)
        self._ground.sink.flush()
        self._ground.instance.status_file.unlink(missing_ok=True)
        os.close(self._lock)
        return 1 if self._phase is Phase.FAILED else 0


def _catch_signals() -> socket.socket:
    """Have signals arrive as bytes on a socket."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return ours


def _replace(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all; a full disk leaves the old one."""
    fresh = path.with_suffix(".new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
