"""The queue directory and its locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.queue.spool import Spool, sync_folder
from gatepost.queue.store import SlotBusy


def test_folders_are_private_and_a_postfix_queue_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "deferred").mkdir()
    spool = Spool(tmp_path)
    spool.create()
    spool.create()
    slot = spool.slot(2)
    slot.create()
    slot.create()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deferred", "gatepost"]
    for folder in (spool.folder, slot.folder, slot.bodies):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_folders_belong_to_the_mail_owner(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    spool = Spool(tmp_path)
    spool.create((12345, 12346))
    slot = spool.slot(0)
    slot.create((12345, 12346))
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (spool.folder, slot.folder, slot.bodies)} == {
        (12345, 12346)
    }
    with slot.lock():
        assert (slot.folder / "lock").stat().st_uid == 12345


def test_slots_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert list(spool.slots()) == []
    spool.create()
    for number in (10, 0, 2):
        spool.slot(number).create()
    (spool.folder / "slot-x").mkdir()
    assert list(spool.slots()) == [0, 2, 10]


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.create()
    slot = spool.slot(0)
    slot.create()
    with slot.lock() as lock:
        with pytest.raises(SlotBusy, match=f"locked by process {os.getpid()}"):
            slot.lock(patience=0)
        lock.release()
        lock.release()
    slot.lock().release()


def test_a_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A delivery program that outlives its worker must not keep the slot from the replacement."""
    spool = Spool(tmp_path)
    spool.create()
    slot = spool.slot(0)
    slot.create()
    lock = slot.lock()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        slot.lock().release()
        child.communicate(b"\n")


def test_names_can_be_made_durable(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")
