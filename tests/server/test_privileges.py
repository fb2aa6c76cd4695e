"""Who the processes run as."""

from __future__ import annotations

import os
import pwd
import signal

import pytest

from gatepost.server.privileges import Owner, OwnerError, choose_owner, die_with_parent, drop

USERS = {"postfix": 102, "gatepost": 990, "mail": 8, "root": 0}


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Root on a machine with the users that the test leaves in the set."""
    present = set(USERS)

    def find(name: str) -> pwd.struct_passwd:
        if name not in present:
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", USERS[name], USERS[name], "", "/", "/bin/false"))

    monkeypatch.setattr("os.getuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", find)
    return present


def test_without_root_nobody_else_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 1000)
    assert choose_owner("nobody-here", explicit=True) is None


def test_the_owner_that_is_there_is_taken(root: set[str]) -> None:
    assert root
    assert Owner("postfix", 102, 102) == choose_owner("postfix", explicit=False)


def test_the_default_may_be_replaced_with_a_warning(root: set[str]) -> None:
    root.discard("postfix")
    chosen = choose_owner("postfix", explicit=False)
    assert chosen is not None
    assert ("gatepost", True) == (chosen.name, "running as gatepost" in chosen.warning)
    root.discard("gatepost")
    chosen = choose_owner("postfix", explicit=False)
    assert chosen is not None
    assert "mail" == chosen.name


def test_an_owner_that_was_named_and_is_missing_stops_the_start(root: set[str]) -> None:
    root.discard("postfix")
    with pytest.raises(OwnerError, match="no user postfix"):
        choose_owner("postfix", explicit=True)


def test_root_is_no_owner(root: set[str]) -> None:
    assert root
    with pytest.raises(OwnerError, match="root"):
        choose_owner("root", explicit=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up root")
def test_privileges_are_gone_for_good() -> None:
    pid = os.fork()
    if not pid:
        try:
            drop(Owner("nobody", 65534, 65534))
            try:
                os.setuid(0)
            except PermissionError:
                os._exit(0 if os.getgroups() == [65534] else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_process_whose_parent_is_gone_already_ends() -> None:
    pid = os.fork()
    if not pid:
        die_with_parent(1 if os.getppid() != 1 else 2)
        os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_process_ends_with_its_parent() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        parent = os.getpid()
        grandchild = os.fork()
        if not grandchild:
            die_with_parent(parent)
            os.write(writer, b"x")
            os.close(reader)
            while True:
                signal.pause()
        os.read(reader, 1)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b""  # the last one who held the other end is gone
    os.close(reader)
