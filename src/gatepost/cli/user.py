"""`gatepost user`: the users file."""

from __future__ import annotations

import argparse
import fcntl
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import argon2

from gatepost.cli.main import add_directory
from gatepost.config.load import load
from gatepost.sasl.users import HASHER, parse_users, render_users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    helps = {
        "add": "add a user, or give one a new password (read from standard input where that is no terminal)",
        "delete": "delete a user",
        "list": "list all names",
        "check": "check a name and password; exit status 0 where they are right",
    }
    for action, line in helps.items():
        added = actions.add_parser(action, help=line, description=f"{line.capitalize()}.")
        add_directory(added, again=True)
        if action != "list":
            added.add_argument("name", help="login name, such as kibuna or kibuna@example.com")


def run(arguments: argparse.Namespace) -> int:
    """Do it; the exit status."""
    path = _users_file(arguments.directory)
    match arguments.action:
        case "add":
            return _add(path, arguments.name)
        case "delete":
            return _delete(path, arguments.name)
        case "check":
            return _check(path, arguments.name)
        case _:
            print("".join(f"{name}\n" for name in sorted(_rows(path))), end="")
            return 0


def set_password(path: Path, name: str, password: str) -> None:
    """Add or change a user. Raises OSError, and ValueError for a name that the file cannot hold."""
    if not name or not name.isprintable() or ":" in name or name.startswith("#") or name != name.strip():
        raise ValueError(f"not a usable name: {name!r}")
    with _locked(path):
        _write(path, {**_rows(path), name: HASHER.hash(password)})


def _add(path: Path, name: str) -> int:
    password = _password(f"Password for {name}: ", twice=True)
    if not password or not password.isprintable():
        print("gatepost: the password is empty or has control characters", file=sys.stderr)
        return 1
    known = path.exists() and name in _rows(path)
    set_password(path, name, password)
    print(f"{'changed' if known else 'added'} {name} in {path}")
    return 0


def _delete(path: Path, name: str) -> int:
    with _locked(path):
        rows = _rows(path)
        if name not in rows:
            print(f"gatepost: no user {name} in {path}", file=sys.stderr)
            return 1
        del rows[name]
        _write(path, rows)
    print(f"deleted {name} from {path}")
    return 0


def _check(path: Path, name: str) -> int:
    hashed = _rows(path).get(name)
    password = _password(f"Password for {name}: ")
    try:
        if hashed is not None and HASHER.verify(hashed, password):
            print("right")
            return 0
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        pass  # said below, as for an unknown name
    print("wrong name or password")
    return 1


def _password(prompt: str, *, twice: bool = False) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(prompt)
    if twice and getpass.getpass("Again: ") != password:
        raise ValueError("the passwords differ")
    return password


def _users_file(directory: Path) -> Path:
    name = load(directory).settings.gatepost_users_file
    if not name:
        wanted = f"gatepost_users_file = {directory.absolute()}/users"
        raise ValueError(f"{directory / 'main.cf'} sets no gatepost_users_file; add: {wanted}")
    return Path(name)


def _rows(path: Path) -> dict[str, str]:
    try:
        return parse_users(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep a second `gatepost user` from losing our change."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, rows: dict[str, str]) -> None:
    """Replace the file whole, with the owner and mode that it has (0640 for a new one)."""
    fresh = path.with_name(f"{path.name}.new")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o640
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as stream:
        if path.exists() and os.getuid() == 0:
            os.fchown(stream.fileno(), path.stat().st_uid, path.stat().st_gid)
        stream.write(render_users(rows))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
