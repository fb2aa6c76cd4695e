"""The programs that the peer tests need, and folders they can all reach."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = {
    "/usr/lib/postfix/sbin/master": "postfix",
    "/usr/sbin/dovecot": "dovecot-core dovecot-lmtpd",
    "swaks": "swaks",
    "curl": "curl",
    "openssl": "openssl",
}
"""What must be installed, and the Debian package that brings it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a peer test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.peers)


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Fail early, with the remedy, where a program is missing."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    assert not missing, f"needed by these tests: apt-get install {' '.join(missing)}"
    assert os.geteuid() == 0, "these tests start real mail servers, which begin as root"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that mail system users can enter (pytest's own tmp_path is closed to them)."""
    made = Path(tempfile.mkdtemp(prefix="gatepost-peers-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)
