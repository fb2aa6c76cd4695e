"""Running a command for one message. Blocking code, run by whoever has the rights that the command is to have.

The rules:

1. The command gets the message on a pipe, and nothing else that is open here; its environment is made from scratch.
2. It runs in a session and process group of its own. When it is over, or its time is, or nobody waits for it any more,
   what is left of the group is killed.
3. It is over when it has ended and nobody holds its output. Only the beginning of that is kept; the rest is read away.
4. A message that it does not read to the end is its own affair.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from gatepost.delivery.exits import TEMPORARY_FAILURE, Ending

OUTPUT_LIMIT = 4096
"""Bytes of output that are kept, as in Postfix."""

KILLED_TIME = 5.0
"""Seconds until a process that was killed must be gone."""

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and whose rights it has.

    `argv` is executed without a shell. `fallback`, where it is not empty, is executed in its place where there is no
    such program. `directory` is where it must run, `start` where it runs if that says nothing and the user may go
    there; `root` is the directory that it takes for the root, empty for none. `time_limit` is in seconds. `complaint`
    begins the text of a command that cannot be executed.
    """

    argv: tuple[str, ...]
    fallback: tuple[str, ...]
    uid: int
    gid: int
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    start: str = ""
    root: str = ""
    time_limit: float = 1000.0
    complaint: str = "fatal: execvp"


def execute(command: Command, content: int, watch: int = -1) -> Ending:
    """Run a command with the message in the file descriptor `content` as its input.

    `watch` is a socket whose end says that nobody waits for the command any more. Never raises for what a command does.
    """
    try:
        process = _start(command)
    except (OSError, ValueError) as error:
        return _not_started(command, error)
    conversation = _Conversation(process, content, watch, time.monotonic() + command.time_limit)
    try:
        conversation.hold()
    finally:
        # Before the process is waited for, so that its number cannot be another one's group yet.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    return conversation.ending()


def _start(command: Command) -> subprocess.Popen[bytes]:
    """Start it, or its fallback. Raises OSError, or ValueError for a zero byte among the arguments."""
    try:
        return _popen(command, command.argv)
    except FileNotFoundError as error:
        if not command.fallback or error.filename == command.directory:
            raise
        return _popen(command, command.fallback)


def _popen(command: Command, argv: tuple[str, ...]) -> subprocess.Popen[bytes]:
    environment = dict(command.environment)
    start = command.start if command.start and os.access(command.start, os.X_OK) else "/"
    return subprocess.Popen(  # noqa: S603 - this is what it is for
        [os.fsencode(word) for word in argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        cwd=command.directory or start,
        env={os.fsencode(name): os.fsencode(value) for name, value in environment.items()},
        start_new_session=True,
        umask=0o077,
    )


def _not_started(command: Command, error: OSError | ValueError) -> Ending:
    """A command that cannot be executed is tried again: somebody may mend it."""
    if not isinstance(error, OSError):
        return Ending(TEMPORARY_FAILURE, output=f"{command.complaint}: {error}\n".encode())
    if command.directory and error.filename == command.directory:
        return Ending(TEMPORARY_FAILURE)
    text = f"{command.complaint} {command.argv[0]}: {error.strerror}\n"
    return Ending(TEMPORARY_FAILURE, output=text.encode("utf-8", "surrogateescape"))


class _Conversation:
    """Feeds a process and listens to it, until it is over or its time is (rule 3)."""

    def __init__(self, process: subprocess.Popen[bytes], content: int, watch: int, deadline: float) -> None:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101 - as above
        self._process = process
        self._stdin: IO[bytes] = process.stdin
        self._stdout: IO[bytes] = process.stdout
        self._content = content
        self._deadline = deadline
        self._position = 0
        self._pending = b""
        self._output = b""
        self._listening = True
        self._abandoned = self._late = False
        self._selector = selectors.DefaultSelector()
        self._exit = os.pidfd_open(process.pid)
        for end in (self._stdin, self._stdout):
            os.set_blocking(end.fileno(), False)
        self._selector.register(self._stdin, selectors.EVENT_WRITE, self._write)
        self._selector.register(self._stdout, selectors.EVENT_READ, self._read)
        self._selector.register(self._exit, selectors.EVENT_READ, self._exited)
        if watch >= 0:
            self._selector.register(watch, selectors.EVENT_READ, self._abandon)
        self._running = True

    def hold(self) -> None:
        """Until the end."""
        try:
            while (self._running or self._listening) and not self._abandoned and not self._late:
                left = self._deadline - time.monotonic()
                self._late = left <= 0
                for key, _ in self._selector.select(max(left, 0)):
                    key.data()
        finally:
            self._selector.close()
            os.close(self._exit)
            self._stdin.close()
            self._stdout.close()

    def ending(self) -> Ending:
        """How it ended. A program with rights of its own may not have let itself be killed; nobody waits for that."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILLED_TIME)
        if self._abandoned:
            return Ending(TEMPORARY_FAILURE, output=b"delivery was broken off\n")
        if self._late:
            return Ending(timed_out=True, output=self._output)
        status = self._process.returncode or 0
        return Ending(max(status, 0), max(-status, 0), output=self._output)

    def _write(self) -> None:
        if not self._pending:
            self._pending = os.pread(self._content, _PIECE, self._position)
            self._position += len(self._pending)
        try:
            self._pending = self._pending[os.write(self._stdin.fileno(), self._pending) :] if self._pending else b""
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._pending = b""
            self._close_stdin()
            return
        if not self._pending and self._position >= os.fstat(self._content).st_size:
            self._close_stdin()

    def _close_stdin(self) -> None:
        self._selector.unregister(self._stdin)
        self._stdin.close()

    def _read(self) -> None:
        data = os.read(self._stdout.fileno(), _PIECE)
        if not data:
            self._selector.unregister(self._stdout)
            self._listening = False
        self._output += data[: OUTPUT_LIMIT - len(self._output)]

    def _exited(self) -> None:
        self._selector.unregister(self._exit)
        self._running = False

    def _abandon(self) -> None:
        self._abandoned = True
