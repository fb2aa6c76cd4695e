"""`gatepost`: finds the command, imports its module, runs it; what goes wrong is a sentence, never a traceback.

The rules:

1. A command is a module of this package with `add_arguments(parser)` and `run(arguments) -> int`, and a row below.
2. Its modules are imported when it is asked for, so that `--help` and `sendmail` are quick.
3. Under the names sendmail, mailq and newaliases (a symbolic link) the program is that program.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from gatepost.config.findings import ConfigurationError, render

COMMANDS = {
    "init": "write a starter configuration that runs at once",
    "run": "run the server in the foreground (SIGTERM ends it, SIGHUP reloads)",
    "status": "show whether the server runs, with ports, workers and certificates",
    "conf": "show parameters: effective, changed or default, and where they are set",
    "map": "ask a lookup table",
    "user": "add, delete, list and check users who may log in",
    "queue": "list, show, hold, release, requeue, delete, flush, export and import queued mail",
    "tlsrpt": "print what became of TLS sessions on a day, as reports of RFC 8460",
    "sendmail": "submit a message from standard input, as sendmail does",
}
"""Each command and its line in the overview."""

ALIASES = ("sendmail", "mailq", "newaliases")
"""Names under which the program is a sendmail; the words after it go to that command untouched."""

_OVERVIEW = """\
A mail server that speaks Postfix's configuration language, and can say why.

first steps:
  gatepost init mail         write a starter configuration into the folder mail
  gatepost run -c mail       run it; it says where it listens
  gatepost conf -c mail -n   what differs from the defaults

An existing Postfix configuration folder works as it is: gatepost run -c /etc/postfix
"""

_END = """\
gatepost COMMAND --help shows the options of a command. The configuration folder is -c DIR, or else $GATEPOST_CONFIG,
or else /etc/gatepost.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    called = Path(sys.argv[0]).name
    if argv is None and called in ALIASES:
        words = ["sendmail", f"--as={called}", *words]
    try:
        status = _run(words)
        sys.stdout.flush()
    except ConfigurationError as error:
        print(render(error.findings), file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError) as error:
        print(f"gatepost: {_sentence(error)}", file=sys.stderr)
        return 1
    return status


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="gatepost", description=_OVERVIEW, epilog=_END, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="store_true", help="show the version and end")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    wanted = next((word for word in words if not word.startswith("-")), "")
    modules: dict[str, ModuleType] = {}
    for name, line in COMMANDS.items():
        prefix = "+" if name == "sendmail" else "-"  # sendmail reads its own words, whose order matters
        added = commands.add_parser(
            name, help=line, description=f"{line[0].upper()}{line[1:]}.", add_help=prefix == "-"
        )
        if name == wanted:
            modules[name] = importlib.import_module(f"gatepost.cli.{name}")
            modules[name].add_arguments(added)
    if wanted == "sendmail":
        return int(modules[wanted].run(argparse.Namespace(words=words[words.index(wanted) + 1 :])))
    arguments = parser.parse_args(words)
    if arguments.version:
        from gatepost.server.instance import VERSION

        print(f"gatepost {VERSION}")
        return 0
    if not arguments.command:
        parser.print_help()
        return 2
    return int(modules[arguments.command].run(arguments))


def add_directory(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """Give a command the option `-c DIR`; `again` for a subcommand, where it may stand as well."""
    parser.add_argument(
        "-c",
        dest="directory",
        metavar="DIR",
        type=Path,
        default=argparse.SUPPRESS if again else default_directory(),
        help="configuration folder with main.cf and master.cf" + ("" if again else " (default: %(default)s)"),
    )


def default_directory() -> Path:
    """The configuration folder where none is named."""
    return Path(os.environ.get("GATEPOST_CONFIG") or "/etc/gatepost")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
