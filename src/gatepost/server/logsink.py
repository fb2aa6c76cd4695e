"""Where log lines go: standard output, a file, or syslog; whole lines, and never a wait.

The rules:

1. Lines are collected, and written once per turn of the event loop, in one write of whole lines; without a loop they
   are written at once.
2. A sink that would block (a full pipe, a full disk, a syslog that does not read) drops the lines and counts them; the
   next line that gets through is preceded by one that says how many. Mail never waits for its log.
3. A file is opened for appending and opened again on request (SIGHUP), so that logrotate needs no copytruncate.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gatepost import maillog
from gatepost.mail.events import Event, Warned
from gatepost.server.privileges import Owner

PIPE_UNIT = 4096
"""Bytes that a pipe takes whole, or not at all, when it says that it is writable (PIPE_BUF on Linux)."""

FACILITIES = {
    **dict(
        zip(("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"), range(10), strict=True)
    ),
    "authpriv": 10,
    "ftp": 11,
    **{f"local{number}": 16 + number for number in range(8)},
}
"""Number of a syslog facility by name (RFC 5424 section 6.2.1)."""

_SEVERITIES = (("warning: ", 4), ("error: ", 3), ("fatal: ", 2), ("panic: ", 1))
_INFO = 6


class Target(Protocol):
    """Takes lines, each ended by a newline."""

    def write(self, lines: list[bytes]) -> int:
        """Write what can be written now; the number of lines that got through. Never raises, never waits."""
        ...

    def reopen(self) -> None:
        """Begin anew (after the file was renamed)."""
        ...


class StreamTarget:
    """A descriptor that others use too, such as standard output: its modes are left alone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, lines: list[bytes]) -> int:
        """Write in units that cannot block once the descriptor is writable."""
        done = 0
        while done < len(lines):
            count, size = done, 0
            while count < len(lines) and size + len(lines[count]) <= PIPE_UNIT:
                size += len(lines[count])
                count += 1
            if count == done or not self._ready():
                return done
            try:
                os.write(self._descriptor, b"".join(lines[done:count]))
            except OSError:
                return done
            done = count
        return done

    def reopen(self) -> None:
        """Nothing to open."""

    def _ready(self) -> bool:
        return any(flags & select.POLLOUT for _, flags in self._poll.poll(0))


class FileTarget:
    """A log file, opened for appending; created with `mode` where it is missing."""

    def __init__(self, path: str, mode: int = 0o600) -> None:
        self._path = path
        self._mode = mode
        self._owner: tuple[int, int] | None = None
        self._descriptor = -1
        self.reopen()

    def write(self, lines: list[bytes]) -> int:
        """Append all lines in one write."""
        data = b"".join(lines)
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            return 0
        if written == len(data):
            return len(lines)
        return data[:written].count(b"\n")  # the disk filled up amid these lines

    def reopen(self) -> None:
        """Open the file by its name again; the old one stays in use where that fails."""
        try:
            opened = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, self._mode)
        except OSError:
            return
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = opened
        if self._owner is not None:
            with suppress(PermissionError):  # a worker opens what the supervisor has made, and cannot give it away
                os.fchown(opened, *self._owner)

    @property
    def usable(self) -> bool:
        """Whether the file could be opened."""
        return self._descriptor >= 0

    def give_to(self, uid: int, gid: int) -> None:
        """Let another user open it again after a rotation: this file, and those that are made later."""
        self._owner = uid, gid
        os.fchown(self._descriptor, uid, gid)


class SyslogTarget:
    """The local syslog socket."""

    def __init__(self, path: str = "/dev/log") -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def write(self, lines: list[bytes]) -> int:
        """Send one datagram a line."""
        for done, line in enumerate(lines):
            try:
                self._connected().send(line.rstrip(b"\n"))
            except OSError:
                self.reopen()
                return done
        return len(lines)

    def reopen(self) -> None:
        """Connect again with the next line."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                opened.connect(self._path)
            except OSError:
                opened.close()
                raise
            self._socket = opened
        return self._socket


Shape = Callable[[str, int, Event, float], bytes]
"""Makes a line of a process tag, a number, an event and a time."""


class ClassicShape:
    """Postfix's line: `Mon DD HH:MM:SS host postfix/smtpd[7]: text`."""

    def __init__(self, host: str, *, facility: str = "") -> None:
        """`facility` is syslog's, which then adds the host itself; empty: the lines go elsewhere."""
        self._host = host
        self._facility = FACILITIES[facility] if facility else None
        self._second = -1
        self._stamp = ""

    def __call__(self, tag: str, number: int, event: Event, now: float) -> bytes:
        """One line."""
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%b %d %H:%M:%S", time.localtime(second))
        text = maillog.text(event)
        if self._facility is not None:
            return f"<{self._facility * 8 + _severity(text)}>{self._stamp} {tag}[{number}]: {text}\n".encode(
                "utf-8", "backslashreplace"
            )
        return f"{self._stamp} {self._host} {tag}[{number}]: {text}\n".encode("utf-8", "backslashreplace")


class JsonShape:
    """One JSON object a line, with the time in UTC."""

    def __call__(self, tag: str, number: int, event: Event, now: float) -> bytes:
        """One line."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        return maillog.as_json(event, tag, number, when).encode("ascii") + b"\n"


def _severity(text: str) -> int:
    return next((level for word, level in _SEVERITIES if text.startswith(word)), _INFO)


class LogSink:
    """Takes events from everywhere in the process to one target."""

    def __init__(self, target: Target, shape: Shape) -> None:
        self._target = target
        self._shape = shape
        self._waiting: list[bytes] = []
        self.dropped = 0
        """Lines lost since the last one that got through."""

    def __call__(self, tag: str, number: int, event: Event) -> None:
        """Log an event (`maillog.Sink`)."""
        self._waiting.append(self._shape(tag, number, event, time.time()))
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:  # no loop in this process, or not yet
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        notices = 1 if self.dropped else 0
        if notices:
            lost = Warned(f"{self.dropped} log lines were dropped: the log could not take them")
            lines.insert(0, self._shape("postfix/log", os.getpid(), lost, time.time()))
        through = self._target.write(lines)
        if through:
            self.dropped = 0
        self.dropped += len(lines) - max(through, notices)

    def give_to(self, owner: Owner | None) -> None:
        """Let the owner open the log file again after a rotation."""
        if owner is not None and isinstance(self._target, FileTarget):
            self._target.give_to(owner.uid, owner.gid)

    def reopen(self) -> None:
        """Open the log file anew."""
        self.flush()
        self._target.reopen()


def host_name() -> str:
    """The host's name as log lines show it: its first label."""
    return socket.gethostname().partition(".")[0] or "localhost"


def make_sink(maillog_file: str, form: str, *, facility: str = "") -> LogSink:
    """The sink for `maillog_file` (empty: standard output, or syslog) and `gatepost_log_format`.

    `facility` is `syslog_facility` where lines are to go to syslog.

    A file that cannot be opened falls back to standard output, after a line there that says so.
    """
    syslog = bool(facility) and not maillog_file and Path("/dev/log").exists()
    shape: Shape = JsonShape() if form == "json" else ClassicShape(host_name(), facility=facility if syslog else "")
    if maillog_file and maillog_file != "/dev/stdout":
        target = FileTarget(maillog_file)
        if target.usable:
            return LogSink(target, shape)
        sink = LogSink(StreamTarget(1), shape)
        sink("postfix/log", os.getpid(), Warned(f"cannot open maillog_file {maillog_file}; using standard output"))
        return sink
    if syslog:
        return LogSink(SyslogTarget(), shape)
    return LogSink(StreamTarget(1), shape)
