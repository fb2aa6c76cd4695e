"""Who the processes run as: giving up root for good, and not outliving the supervisor."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
_FALLBACKS = ("gatepost", "mail")
"""Users to run as where the default `mail_owner` does not exist; the last is on every Debian system."""


class OwnerError(Exception):
    """The configuration names a user that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that everything which talks to the network runs as. `warning` is for the log, empty for none."""

    name: str
    uid: int
    gid: int
    warning: str = ""


def choose_owner(name: str, *, explicit: bool) -> Owner | None:
    """The owner for `mail_owner`; None where we are not root and stay who we are.

    `explicit`: the configuration names the user itself, so that nobody else will do. Raises OwnerError.
    """
    if os.getuid() != 0:
        return None
    candidates = (name,) if explicit else (name, *_FALLBACKS)
    for candidate in candidates:
        try:
            found = pwd.getpwnam(candidate)
        except KeyError:
            continue
        if found.pw_uid == 0:
            raise OwnerError(f"mail_owner: {candidate} is root; name a user without privileges")
        warning = "" if candidate == name else f"mail_owner: no user {name} on this system; running as {candidate}"
        return Owner(candidate, found.pw_uid, found.pw_gid, warning)
    raise OwnerError(f"mail_owner: no user {name} on this system (create it with: useradd --system {name})")


def drop(owner: Owner) -> None:
    """Become the owner, for good. Raises OwnerError where root could be had back."""
    os.setgroups([owner.gid])
    os.setgid(owner.gid)
    os.setuid(owner.uid)
    if os.getuid() == 0 or os.geteuid() == 0 or os.getresuid() != (owner.uid,) * 3:
        raise OwnerError("privileges could not be given up")


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent dies; call it after `drop`, which resets it.

    `parent` is its process id as known before the fork: where it is gone already, the process ends at once. Nothing is
    lost: the queue is durable at every moment.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
