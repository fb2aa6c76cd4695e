"""Processor time and memory of processes, by control group and by process tree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench import account
from bench.account import Account

BURN = "import time; end = time.process_time() + 0.1\nwhile time.process_time() < end: pass"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["group", "tree"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    if request.param == "tree":
        monkeypatch.setattr(account, "_make_group", lambda _: None)
    made = Account("test")
    if request.param == "group" and made.group is None:
        pytest.skip("no control groups of version 2 for us here")
    yield made
    made.close()


def test_children_that_have_ended_count(kept: Account) -> None:
    with kept.inside():
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        kept.root = process.pid
        assert process.stdout.readline() == b"done\n"
        assert [process.pid] == kept.pids()
        assert kept.seconds() >= 0.1
        assert 1 < kept.memory() < 100
        process.stdin.close()
    assert os.getpid() not in kept.pids()
