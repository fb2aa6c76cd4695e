"""Every example in the documentation is run.

Fenced blocks say what they are: `console` (commands after `$ `, then what they print; `…` stands for anything),
`main.cf` and `master.cf` (must be read without an error), `sh` (make targets), `sql` (asked
of an empty queue file). A document's commands run in order, in
one folder. A command that ends in ` &` is a server: the next command waits until it is ready.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from gatepost.config.findings import Level, render
from gatepost.config.master import parse_master
from gatepost.config.settings import Settings
from gatepost.queue.schema import CREATE

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
KINDS = {"console", "main.cf", "master.cf", "sh", "sql", "text"}
PATIENCE = 30.0


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, its lines, and where it stands."""

    document: Path
    line: int
    kind: str
    text: str

    @property
    def title(self) -> str:
        """For messages."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(document: Path) -> Iterator[Block]:
    """All fenced blocks of a document."""
    text = document.read_text("utf-8")
    for found in re.finditer(r"^```([\w.]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(document, text.count("\n", 0, found.start()) + 1, found[1], found[2])


ALL = [block for document in DOCUMENTS for block in blocks(document)]


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.title)
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.kind in KINDS, f"{block.title}: a block must be one of {sorted(KINDS)}"


@pytest.mark.parametrize("block", [b for b in ALL if b.kind == "main.cf"], ids=lambda block: block.title)
def test_main_cf_examples_are_read_without_an_error(block: Block) -> None:
    findings = Settings.parse(block.text).findings()
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    assert not errors, f"{block.title}\n{render(errors)}"


@pytest.mark.parametrize("block", [b for b in ALL if b.kind == "master.cf"], ids=lambda block: block.title)
def test_master_cf_examples_are_read_without_an_error(block: Block) -> None:
    entries, findings = parse_master(block.text, "master.cf")
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    assert not errors, f"{block.title}\n{render(errors)}"
    assert entries


@pytest.mark.parametrize("block", [b for b in ALL if b.kind == "sh"], ids=lambda block: block.title)
def test_shell_examples_are_make_targets(block: Block) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for command in block.text.splitlines():
        word, _, target = command.partition(" ")
        assert word == "make", f"{block.title}: {command}"
        assert target in targets, f"{block.title}: {command}"


@pytest.mark.parametrize("block", [b for b in ALL if b.kind == "sql"], ids=lambda block: block.title)
def test_sql_examples_fit_the_queue_file(block: Block) -> None:
    with contextlib.closing(apsw.Connection(":memory:")) as database:
        database.execute(CREATE)
        assert list(database.execute(block.text)) == []


@dataclass
class Shell:
    """Runs a document's commands in a folder."""

    folder: Path
    servers: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The environment of a user whose PATH finds `gatepost`."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    def run(self, command: str) -> str:
        """What the command prints, standard error included."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        return done.stdout

    def serve(self, command: str) -> None:
        """Start a server and wait until `gatepost status` says that it runs."""
        command = command.removesuffix("&").strip()
        with (self.folder / "server-output").open("w") as output:
            self.servers.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=self.folder,
                    env=self.environment(),
                    stdout=output,
                    stderr=output,
                    text=True,
                )
            )
        found = re.search(r"-c (\S+)", command)
        assert found, command
        end = time.monotonic() + PATIENCE
        while not self.run(f"gatepost status -c {found[1]}").startswith("running"):
            assert self.servers[-1].poll() is None, (self.folder / "server-output").read_text()
            assert time.monotonic() < end, "the server does not get ready"

    def stop(self) -> None:
        """End the servers."""
        for server in self.servers:
            server.terminate()
            server.wait(PATIENCE)


def _fits(expected: str, printed: str) -> bool:
    pattern = re.escape(expected.strip()).replace("…", ".*?")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it should print."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        count = 1
        while lines[count - 1].endswith("\\\n"):
            count += 1
        yield "".join(lines[:count]).strip(), "".join(lines[count:])


@pytest.mark.parametrize(
    "document", sorted({b.document for b in ALL if b.kind == "console"}), ids=lambda path: str(path.relative_to(ROOT))
)
def test_commands_print_what_the_document_shows(document: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="gatepost-docs-"))
    folder.chmod(0o755)  # as a user's own folder often is: the server's user can enter
    shell = Shell(folder)
    try:
        for block in (b for b in ALL if b.document == document and b.kind == "console"):
            for command, expected in _commands(block):
                if command.endswith("&"):
                    shell.serve(command)
                    continue
                end = time.monotonic() + PATIENCE
                printed = shell.run(command)
                while not _fits(expected, printed) and shell.servers and time.monotonic() < end:
                    printed = shell.run(command)  # delivery takes its moment
                assert _fits(expected, printed), (
                    f"{block.title}: $ {command}\n--- shown\n{expected}\n--- printed\n{printed}"
                )
    finally:
        shell.stop()
        shutil.rmtree(folder, ignore_errors=True)
