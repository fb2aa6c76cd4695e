"""The files of the running server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatepost.config.settings import Settings
from gatepost.server.instance import VERSION, Instance, InstanceError, running_pid
from gatepost.server.privileges import Owner


def instance(folder: Path) -> Instance:
    return Instance.of(Settings.parse(f"queue_directory = {folder}/queue"))


def test_the_folders_are_made_and_closed_to_others(tmp_path: Path) -> None:
    made = instance(tmp_path)
    made.prepare(None)
    made.prepare(Owner("me", os.getuid(), os.getgid()))
    modes = {folder.name: folder.stat().st_mode & 0o777 for folder in (made.root, made.control, made.public)}
    assert {"gatepost": 0o711, "control": 0o700, "public": 0o755} == modes


def test_the_lock_tells_who_runs(tmp_path: Path) -> None:
    made = instance(tmp_path)
    made.prepare(None)
    assert running_pid(made) is None
    lock = made.lock()
    assert os.getpid() == running_pid(made)
    with pytest.raises(InstanceError, match=f"another server .process {os.getpid()}."):
        made.lock()
    with pytest.raises(InstanceError, match=f"another server .process {os.getpid()}."):
        made.prepare(None)
    os.close(lock)
    assert running_pid(made) is None
    os.close(made.lock())


def test_a_place_that_cannot_be_prepared_is_named(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("a file", "utf-8")
    with pytest.raises(InstanceError, match="queue_directory"):
        instance(tmp_path).prepare(None)
    with pytest.raises(InstanceError, match="cannot open"):
        instance(tmp_path / "absent").lock()


def test_a_place_that_the_owner_cannot_reach_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(InstanceError, match=r"user nobody cannot enter .* .mode 700.; choose another queue_directory"):
        instance(tmp_path / "closed").prepare(Owner("nobody", 65534, 65534))


def test_the_version_is_the_packages() -> None:
    assert VERSION.count(".") == 2


@pytest.mark.parametrize("name", ["gatepost_mta_sts", "gatepost_tls_reports"])
def test_data_has_a_folder_where_something_is_kept(tmp_path: Path, name: str) -> None:
    text = f"queue_directory = {tmp_path}/queue\ndata_directory = {tmp_path}/data"
    Instance.of(Settings.parse(text)).prepare(None)
    assert not (tmp_path / "data").exists()
    made = Instance.of(Settings.parse(f"{text}\n{name} = yes"))
    made.prepare(None)
    assert made.sts_policies.is_dir()
    assert 0o750 == made.tls_reports.stat().st_mode & 0o777


def test_data_that_cannot_be_kept_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", "utf-8")
    text = f"queue_directory = {tmp_path}/queue\ndata_directory = {tmp_path}/data\ngatepost_mta_sts = yes"
    with pytest.raises(InstanceError, match="see data_directory"):
        Instance.of(Settings.parse(text)).prepare(None)
