"""What a server and all its processes cost: processor time and memory.

Time is the kernel's account of a control group (version 2) that the server is started in: it includes processes that
lived for a moment only. Where no such group can be made, the process tree is added up, each process with the children
that it has waited for, which is as complete once they have ended.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)  # of the fields of /proc/PID/stat after the name


class Account:
    """The account of one server. `close` it when the server has ended."""

    def __init__(self, name: str) -> None:
        self.group = _make_group(f"gatepost-bench-{os.getpid()}-{name}")
        self.root = 0
        """The server's first process, for the account by process tree."""

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Processes begun in here are on this account."""
        if self.group is None:
            yield
            return
        home = self.group.parent
        _move(self.group)
        try:
            yield
        finally:
            _move(home)

    def seconds(self) -> float:
        """Processor time so far, user and system."""
        if self.group is not None:
            words = (self.group / "cpu.stat").read_text("ascii").split()
            return int(words[words.index("usage_usec") + 1]) / 1e6
        known = _processes()
        return sum(known[pid][1] for pid in self.pids())

    def pids(self) -> list[int]:
        """The processes that are there now."""
        if self.group is not None:
            return [int(word) for word in (self.group / "cgroup.procs").read_text("ascii").split()]
        known = _processes()
        found, todo = [], [self.root]
        while todo:
            pid = todo.pop()
            if pid in known:
                found.append(pid)
                todo += (child for child, (parent, _) in known.items() if parent == pid)
        return found

    def memory(self) -> float:
        """Megabytes of all processes together, shared pages counted once (PSS)."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").split()
                total += int(rollup[rollup.index("Pss:") + 1])
        return total * 1024 / 1e6

    @property
    def method(self) -> str:
        """How processor time is known, in words."""
        return "control group version 2, cpu.stat" if self.group else "process tree, /proc"

    def close(self) -> None:
        """Give the group back."""
        if self.group is not None:
            with contextlib.suppress(OSError):
                self.group.rmdir()


def _make_group(name: str) -> Path | None:
    """A control group of ours below the one that we are in; None where we may not, or there is no version 2."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text("utf-8").splitlines())
    place = next((words[1] for words in mounts if words[2] == "cgroup2"), None)
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines() if line.startswith("0::")), ""
    )
    if place is None or not own:
        return None
    group = Path(place) / own.lstrip("/") / name
    try:
        group.mkdir()
        (group / "cpu.stat").read_text("ascii")
    except OSError:
        return None
    return group


def _move(group: Path) -> None:
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n", "ascii")


def _processes() -> dict[int, tuple[int, float]]:
    """Parent, and seconds of its own and of the children it has waited for, of every process."""
    found: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                found[int(entry.name)] = int(fields[_PARENT]), sum(int(each) for each in fields[_TIMES]) / _TICK
    return found
