"""The files of the running server beside its queue, and the lock that keeps a second server away from it.

All are below `$queue_directory/gatepost`, where a Postfix queue in the same place is never touched:

```
gatepost/            0711, mail_owner; the queue's slots are 0700
├── gatepost.pid     the supervisor's process id, locked while it runs
├── status.json      what `gatepost status` shows
├── control/         0700
└── public/          0755
    └── drop         the socket where programs on this machine submit mail
```
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gatepost.config.settings import Settings
from gatepost.server.privileges import Owner

VERSION = version("gatepost")
"""This program's version."""


class InstanceError(Exception):
    """The server cannot run here; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Where everything is; `root` is `$queue_directory/gatepost`, `data` is `$data_directory/gatepost`."""

    root: Path
    data: Path
    keeps_data: bool = False
    """Whether the configuration asks for anything that is kept in `data`."""

    @classmethod
    def of(cls, settings: Settings) -> Instance:
        """The instance of a configuration."""
        return cls(
            Path(settings.text("queue_directory")) / "gatepost",
            Path(settings.text("data_directory")) / "gatepost",
            settings.gatepost_mta_sts or settings.gatepost_tls_reports,
        )

    @property
    def sts_policies(self) -> Path:
        """The folder of MTA-STS policies of other domains."""
        return self.data / "mta-sts"

    @property
    def tls_reports(self) -> Path:
        """The folder of counted TLS sessions, a file a day."""
        return self.data / "tls-reports"

    @property
    def lock_file(self) -> Path:
        """Holds the supervisor's process id, locked while it runs."""
        return self.root / "gatepost.pid"

    @property
    def public(self) -> Path:
        """The folder that every user may enter, for the drop socket."""
        return self.root / "public"

    @property
    def drop_socket(self) -> Path:
        """Where programs on this machine submit mail."""
        return self.public / "drop"

    @property
    def control(self) -> Path:
        """The folder of the workers' control sockets."""
        return self.root / "control"

    @property
    def status_file(self) -> Path:
        """What the supervisor says of itself, for `gatepost status`."""
        return self.root / "status.json"

    def prepare(self, owner: Owner | None) -> None:
        """Make the folders that are missing and give them to the owner. Raises InstanceError.

        Another server that runs here is told at once, before its ports are found to be in use.
        """
        if running := running_pid(self):
            raise InstanceError(self._taken(running))
        _prepare({self.root: 0o711, self.public: 0o755, self.control: 0o700}, owner, "queue_directory")
        if self.keeps_data:
            _prepare(dict.fromkeys((self.data, self.sts_policies, self.tls_reports), 0o750), owner, "data_directory")

    def lock(self) -> int:
        """Take the lock; the descriptor holds it while it is open. Raises InstanceError where another server has it."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise InstanceError(f"cannot open {self.lock_file}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            running = running_pid(self)
            os.close(descriptor)
            raise InstanceError(self._taken(running)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return descriptor

    def _taken(self, pid: int | None) -> str:
        return f"another server (process {pid or '?'}) runs on {self.root}; stop it first"


def _prepare(modes: dict[Path, int], owner: Owner | None, parameter: str) -> None:
    """Make folders and give them to the owner; the first is above the others. Raises InstanceError."""
    root = next(iter(modes))
    if owner is not None:
        _make_sure_of_way(root, owner, parameter)
    try:
        for folder, mode in modes.items():
            folder.mkdir(parents=True, exist_ok=True)
            if owner is not None and folder.stat().st_uid != owner.uid:
                os.chown(folder, owner.uid, owner.gid)
            if folder.stat().st_mode & 0o777 != mode:
                folder.chmod(mode)
    except OSError as error:
        raise InstanceError(f"cannot prepare {root}: {error.strerror}; see {parameter} in main.cf") from error


def _make_sure_of_way(folder: Path, owner: Owner, parameter: str) -> None:
    """Make sure that the owner can get to the folder, which root may well have where nobody else can go."""
    for parent in reversed(folder.parents):
        try:
            status = parent.stat()
        except OSError:
            return  # it will be made, or the failure to make it will be told
        bits = 0o100 if status.st_uid == owner.uid else 0o010 if status.st_gid == owner.gid else 0o001
        if not status.st_mode & bits:
            where = f"{parent} (mode {status.st_mode & 0o777:o})"
            raise InstanceError(f"user {owner.name} cannot enter {where}; choose another {parameter}")


def running_pid(instance: Instance) -> int | None:
    """The process id of the server that holds the lock; None where none does."""
    try:
        descriptor = os.open(instance.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(descriptor, 20, 0).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None
