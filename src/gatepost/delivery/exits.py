"""What the end of a command means: sysexits(3), status codes in its output, signals, time limits. Pure.

The rules (pipe(8), local(8)):

1. Exit status 0 is success, whatever the command says.
2. Output that begins with a status code (RFC 3463) decides: 4.x.x puts off, anything else returns the mail.
3. Otherwise the exit status does, where sysexits(3) knows it; another one returns the mail.
4. A command that dies of a signal, or cannot be started, is tried again; one that exceeds its time is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatepost.mail.delivery import Status


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: one of `status`, `signal`, `timed_out`. `output` is the beginning of what it said."""

    status: int = 0
    signal: int = 0
    timed_out: bool = False
    output: bytes = b""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an ending means; `text` is empty for a success without output."""

    status: Status
    dsn: str
    text: str


TEMPORARY_FAILURE = 75
"""EX_TEMPFAIL of sysexits(3)."""

_SYSEXITS: dict[int, tuple[str, str]] = {
    64: ("5.3.0", "command line usage error"),
    65: ("5.6.0", "data format error"),
    66: ("5.3.0", "cannot open input"),
    67: ("5.1.1", "user unknown"),
    68: ("5.1.2", "host name unknown"),
    69: ("5.3.0", "service unavailable"),
    70: ("5.3.0", "internal software error"),
    71: ("4.3.0", "system resource problem"),
    72: ("5.3.0", "critical OS file missing"),
    73: ("5.2.0", "can't create user output file"),
    74: ("5.3.0", "input/output error"),
    75: ("4.3.0", "temporary failure"),
    76: ("5.5.0", "remote error in protocol"),
    77: ("5.7.0", "permission denied"),
    78: ("5.3.5", "local configuration error"),
}

_STATUS_CODE = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?=\s|$)\s*(.*)", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def shown(output: bytes) -> str:
    """Output on one line, as the log and reports show it."""
    return _UNPRINTABLE.sub("_", output.decode("utf-8", "replace").replace("\n", " "))


def judge(ending: Ending, command: str) -> Judgement:
    """What became of the mail; `command` is what texts call the command."""
    said = shown(ending.output)
    added = f". Command output: {said}" if said else ""
    if ending.timed_out:
        return Judgement(Status.BOUNCED, "5.3.0", f'Command time limit exceeded: "{command}"{added}')
    if ending.signal:
        return Judgement(Status.DEFERRED, "4.3.0", f'Command died with signal {ending.signal}: "{command}"{added}')
    if not ending.status:
        return Judgement(Status.SENT, "2.0.0", said.rstrip())
    found = _STATUS_CODE.match(said)
    if found is not None:
        dsn = "5.0.0" if found[1].startswith("2") else found[1]  # a failure cannot be a success
        return Judgement(_class(dsn), dsn, found[2])
    dsn, text = _SYSEXITS.get(ending.status, ("5.3.0", f'Command died with status {ending.status}: "{command}"'))
    return Judgement(_class(dsn), dsn, f"{text}{added}")


def _class(dsn: str) -> Status:
    return Status.DEFERRED if dsn.startswith("4") else Status.BOUNCED
