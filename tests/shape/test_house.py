"""The house stays in order: who imports whom, what pure code may touch, how large a module is, that each is tested."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "gatepost"
MODULES = sorted(SOURCE.rglob("*.py"))

ROWS = {
    "mail": 0,
    "oracle": 1,
    "maillog": 1,
    "config": 2,
    "smtp": 3,
    "routing": 3,
    "sasl": 3,
    "tables": 3,
    "dns": 3,
    "tls": 3,
    "policy": 4,
    "queue": 4,
    "delivery": 4,
    "insight": 5,
    "server": 6,
    "cli": 7,
}
"""Row of each package or top-level module; an import points to a lower row or stays at home."""

PURE = {"mail", "oracle", "maillog", "config", "smtp", "policy", "routing", "insight"}
"""Packages that decide. They touch no socket, file or clock."""

PURE_EXCEPT = {"config/load.py"}
"""The one impure module of a pure package: it reads the configuration's files."""

PURE_FILES = {
    *("queue/record.py", "queue/schedule.py", "delivery/report.py"),
    *("sasl/mechanisms.py", "sasl/client.py", "sasl/scram.py", "sasl/bearer.py", "sasl/refusals.py"),
    *("tls/policy.py", "tls/rules.py", "tls/names.py", "tls/mta_sts.py", "tls/verdict.py"),
}
"""Pure modules of packages that otherwise act."""

IMPURE_IMPORTS = {"asyncio", "socket", "ssl", "subprocess", "threading", "os", "time", "random", "uvloop", "select"}

LINES = 500
"""A module has one subject and stays under this."""


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _package(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _own_packages(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in _imports(path) if name.startswith("gatepost.")}
    return names & ROWS.keys()


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_to_a_lower_row(path: Path) -> None:
    own = _package(path)
    if own == "__init__":
        return
    wrong = {name for name in _own_packages(path) if name != own and ROWS[name] >= ROWS[own]}
    assert not wrong, f"{_name(path)} (row {ROWS[own]}) must not import {sorted(wrong)}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_pure_code_touches_nothing(path: Path) -> None:
    pure = (_package(path) in PURE and _name(path) not in PURE_EXCEPT) or _name(path) in PURE_FILES
    if pure:
        wrong = {name for name in _imports(path) if name.split(".")[0] in IMPURE_IMPORTS}
        assert not wrong, f"{_name(path)} decides, so it must not import {sorted(wrong)}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_has_a_docstring_and_one_subject(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{_name(path)} does not say what it is for"
    assert text.count("\n") <= LINES, f"{_name(path)} has {text.count(chr(10))} lines; split it by subject"


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py"], ids=_name)
def test_a_module_has_its_own_test_file(path: Path) -> None:
    relative = path.relative_to(SOURCE)
    wanted = ROOT / "tests" / relative.parent / f"test_{relative.name}"
    assert wanted.exists(), f"{_name(path)} is not tested: {wanted.relative_to(ROOT)} is missing"


def test_every_package_has_its_row() -> None:
    found = {_package(path) for path in MODULES} - {"__init__"}
    assert found <= ROWS.keys()


def test_the_rules_see_what_they_forbid(tmp_path: Path) -> None:
    """The checks above would notice an import inside a function and a relative spelling of its parts."""
    module = tmp_path / "module.py"
    module.write_text("import asyncio.events\ndef f():\n    from gatepost.server import live\n", "utf-8")
    assert _imports(module) == {"asyncio.events", "gatepost.server", "gatepost.server.live"}
    assert _own_packages(module) == {"server"}
