"""`gatepost map`: ask a lookup table, the way the server would."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from gatepost import maillog
from gatepost.cli.main import add_directory
from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.oracle import LookupFailed
from gatepost.tables.view import Tables, TableView

DEFAULTS = "compatibility_level = 3.6\n"
"""What counts where there is no main.cf: tables can be asked anywhere."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "-q",
        dest="key",
        metavar="KEY",
        help="show the value for KEY; with -, for each line of standard input, with the key in front."
        " Exit status 1 where there is none",
    )
    asked.add_argument("-s", dest="list", action="store_true", help="show all keys and values")
    parser.add_argument(
        "table",
        metavar="type:name",
        help="such as hash:/etc/gatepost/access (read from its text, no postmap is needed), 'inline:{a=b}',"
        " cidr:/etc/gatepost/clients, or whatever main.cf can name",
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask; the exit status: 0 where something was found, 1 where not or the table failed."""
    tables = Tables(_settings(arguments.directory), _show)
    try:
        return asyncio.run(_answer(tables.view(), arguments))
    except LookupFailed as error:
        print(f"gatepost map: {error}", file=sys.stderr)
        return 1


def _settings(directory: Path) -> Settings:
    """The settings that matter to tables; master.cf is not needed for them."""
    path = directory / "main.cf"
    text = path.read_text("utf-8", "surrogateescape") if path.exists() else DEFAULTS
    return Settings.parse(text, file=str(path), directory=str(directory))


def _show(event: Event) -> None:
    print(f"gatepost map: {maillog.text(event)}", file=sys.stderr)


async def _answer(view: TableView, arguments: argparse.Namespace) -> int:
    if arguments.list:
        return _print(f"{key}\t{value}" for key, value in await view.pairs(arguments.table))
    if arguments.key != "-":
        value = await view.lookup(arguments.table, arguments.key)
        return _print([] if value is None else [value])
    found: list[str] = []
    for line in sys.stdin:
        key = line.rstrip("\n")
        value = await view.lookup(arguments.table, key)
        if value is not None:
            found.append(f"{key}\t{value}")
    return _print(found)


def _print(lines: Iterable[str]) -> int:
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - counted for the exit status
        print(line)
    return 0 if count else 1
