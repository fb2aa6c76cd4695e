"""`gatepost conf`: parameters as they are in force, as they differ from the defaults, or the defaults themselves."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable
from pathlib import Path

from gatepost.cli.main import add_directory
from gatepost.config.bouncetemplates import Templates, parse_templates, templates_of
from gatepost.config.findings import Level, render
from gatepost.config.load import read_settings
from gatepost.config.reference import render_reference
from gatepost.config.settings import PARAMETERS, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("-n", dest="changed", action="store_true", help="show only what main.cf sets")
    shown.add_argument("-d", dest="defaults", action="store_true", help="show the defaults; main.cf is not read")
    shown.add_argument(
        "-b",
        dest="bounce",
        metavar="FILE",
        nargs="?",
        const="",
        help="show the texts of delivery reports, $name replaced: those of FILE, or the ones in force",
    )
    shown.add_argument(
        "-t", dest="templates", action="store_true", help="show the built-in texts of delivery reports, to begin with"
    )
    shown.add_argument("--reference", action="store_true", help="write the reference of all parameters, as Markdown")
    parser.add_argument("-x", dest="expand", action="store_true", help="show values with $name replaced")
    parser.add_argument("-H", dest="bare", action="store_true", help="show values without names")
    parser.add_argument(
        "-v", "--where", action="store_true", help="show what each one means and where it is set, as comments above it"
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="parameters to show (default: all)")


def run(arguments: argparse.Namespace) -> int:
    """Show; the exit status: 1 where a name is unknown or the configuration has an error."""
    if arguments.reference:
        print(render_reference())
        return 0
    if arguments.templates:
        print(Templates().render(), end="")
        return 0
    settings, status = (Settings.parse(""), 0) if arguments.defaults else _read(arguments)
    if arguments.bounce is not None:
        return _preview(settings, arguments.bounce) or status
    for name in arguments.names or _all_names(settings, changed=arguments.changed):
        if name not in PARAMETERS and not settings.is_set(name):
            close = difflib.get_close_matches(name, PARAMETERS, n=1, cutoff=0.75)
            hint = f"; did you mean {close[0]}?" if close else ""
            print(f"gatepost conf: there is no parameter {name}{hint}", file=sys.stderr)
            status = 1
        elif settings.is_set(name) or not arguments.changed:
            print("\n".join(_lines(settings, name, arguments)))
    return status


def _read(arguments: argparse.Namespace) -> tuple[Settings, int]:
    """The settings of the folder. Faults go to standard error; they do not keep the rest from being shown."""
    settings, findings = read_settings(arguments.directory)
    faults = [finding for finding in findings if finding.level is not Level.NOTE]
    if faults:
        print(render(faults), file=sys.stderr)
    return settings, int(any(finding.level is Level.ERROR for finding in faults))


def _preview(settings: Settings, file: str) -> int:
    """Show the texts of delivery reports; faults go to standard error. The exit status."""
    if file:
        try:
            text = Path(file).read_text("utf-8", "surrogateescape")
        except OSError as error:
            print(f"gatepost conf: {file} cannot be read: {error.strerror}", file=sys.stderr)
            return 1
        templates, findings = parse_templates(text, file, settings)
    else:
        templates, findings = templates_of(settings)
    if findings:
        print(render(findings), file=sys.stderr)
    print(templates.render(settings), end="")
    return int(bool(findings))


def _all_names(settings: Settings, *, changed: bool) -> Iterable[str]:
    return sorted(settings.names() if changed else {*PARAMETERS, *settings.names()})


def _lines(settings: Settings, name: str, arguments: argparse.Namespace) -> Iterable[str]:
    value = settings.text(name) if arguments.expand else settings.raw(name)
    if arguments.where:
        place, parameter = settings.place(name), PARAMETERS.get(name)
        if parameter is not None:
            yield f"# {parameter.doc}"
        yield f"# {place.file}:{place.line}" if place else "# default"
    yield value if arguments.bare else f"{name} = {value}".rstrip()
