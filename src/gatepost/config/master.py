"""The entries of master.cf.

    name  type  private  unprivileged  chroot  wakeup  maxproc  command [argument...]

Lines continue and comments count as in main.cf; fields are separated by blanks; an argument that begins with `{` goes
on to the matching `}`. Of `-o name=value` and `-o { name = value }` the last one for a name wins, and so does the last
entry of a name and type. Arguments before the first that is no option are the program's options; what follows
(`flags=`, `user=`, `argv=`) is for the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gatepost.config.findings import Finding, Level, Place
from gatepost.config.lexer import logical_lines
from gatepost.config.source import SourceText, Word, split_words

BLANKS = " \t\r\n"
FIELDS = ("name", "type", "private", "unprivileged", "chroot", "wakeup", "maxproc", "command")
TYPES = ("inet", "unix", "unix-dgram", "fifo", "pass")


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as master.cf writes it.

    `maxproc` is None where it is left to `default_process_limit`, 0 where it is not limited; `wakeup` counts seconds.
    `args` are the arguments other than `-o`.
    """

    name: str
    type: str
    private: bool
    unprivileged: bool
    chroot: bool | None
    wakeup: int
    maxproc: int | None
    command: str
    args: tuple[str, ...] = ()
    overrides: Mapping[str, SourceText] = field(default_factory=dict)
    place: Place | None = None


def parse_master(text: str, file: str = "master.cf") -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    """The entries in order, each name and type once, and what is wrong with the text."""
    entries: dict[tuple[str, str], Entry] = {}
    findings: list[Finding] = []
    for line in logical_lines(text, file):
        place = line.place()
        if str(line)[0].isspace():
            message = "the first line begins with a blank; it is left out"
            findings.append(Finding("GP0201", Level.WARNING, message, place))
            continue
        reader = _EntryReader(split_words(line, BLANKS))
        entry = reader.read()
        findings += reader.findings
        if entry is None:
            continue
        if entry.private and entry.type == "inet":
            message = f"{entry.name}: an inet service cannot be private"
            findings.append(
                Finding("GP0205", Level.ERROR, message, reader.words[2].place, "write n in the third field")
            )
        if (entry.name, entry.type) in entries:
            message = f"{entry.name}/{entry.type} is defined again; this entry replaces the one before"
            findings.append(Finding("GP0202", Level.WARNING, message, place, "delete one of the two"))
        entries[entry.name, entry.type] = entry
    return tuple(entries.values()), tuple(findings)


class _EntryReader:
    """Reads the words of one entry. Faults go to `findings`; `read` gives None where the entry is unusable."""

    def __init__(self, words: tuple[Word, ...]) -> None:
        self.words = words
        self.findings: list[Finding] = []

    def read(self) -> Entry | None:
        if len(self.words) < len(FIELDS):
            self._fault("GP0203", f'the field "{FIELDS[len(self.words)]}" is missing', self.words[-1], _SYNTAX)
            return None
        name, kind, private, unprivileged, chroot, wakeup, maxproc, command = self.words[: len(FIELDS)]
        for word, title in ((name, "name"), (kind, "type"), (command, "command")):
            if word.text == "-":
                self._fault("GP0203", f'the field "{title}" has no default', word, _SYNTAX)
        if kind.text not in TYPES:
            self._fault("GP0204", f"unknown service type {kind.text!r}", kind, f"one of {', '.join(TYPES)}")
        options, args = self._options(self.words[len(FIELDS) :])
        entry = Entry(
            name=name.text,
            type=kind.text,
            private=self._flag(private, default=True) is True,
            unprivileged=self._flag(unprivileged, default=True) is True,
            chroot=self._flag(chroot, default=None),
            wakeup=self._number(wakeup, "wakeup") or 0,
            maxproc=self._number(maxproc, "maxproc"),
            command=command.text,
            args=args,
            overrides=options,
            place=name.place,
        )
        return None if self.findings else entry

    def _flag(self, word: Word, *, default: bool | None) -> bool | None:
        match word.text:
            case "-":
                return default
            case "y" | "n":
                return word.text == "y"
            case _:
                self._fault("GP0203", f"bad value {word.text!r}", word, "y, n or -")
                return default

    def _number(self, word: Word, title: str) -> int | None:
        if word.text == "-":
            return None
        match = re.match(r"[0-9]{1,9}", word.text)
        if match is None:
            self._fault("GP0203", f'bad value {word.text!r} of the field "{title}"', word, "a number or -")
            return None
        return int(match.group())

    def _options(self, words: tuple[Word, ...]) -> tuple[dict[str, SourceText], tuple[str, ...]]:
        """The overrides of `-o`, and all other arguments."""
        overrides: dict[str, SourceText] = {}
        args: list[str] = []
        rest = iter(words)
        for word in rest:
            if not word.text.startswith("-"):
                args += [_plain(word), *(_plain(other) for other in rest)]
            elif word.text.startswith("-o"):
                self._override(word, rest, overrides)
            else:
                args.append(word.text)
        return overrides, tuple(args)

    def _override(self, option: Word, rest: Iterator[Word], overrides: dict[str, SourceText]) -> None:
        if option.text == "-o":
            value = next(rest, None)
            text = value.inside() if value else SourceText()
        else:
            text = option.source.cut(2, len(option.text))
        plain = str(text)
        name, equals, _ = plain.partition("=")
        if not equals or not name.strip():
            hint = "write -o name=value without blanks, or -o { name = value }"
            self._fault("GP0206", f"-o {plain}: missing '=' after the name", option, hint)
            return
        value_text = text.cut(len(name) + 1, len(plain)).strip()
        overrides[name.strip()] = value_text if value_text.spans else SourceText.of("", text.place())

    def _fault(self, number: str, message: str, word: Word, hint: str) -> None:
        self.findings.append(Finding(number, Level.ERROR, message, word.place, hint))


_SYNTAX = "an entry is: " + " ".join(FIELDS) + " [arguments]"


def _plain(word: Word) -> str:
    return str(word.inside())


def known_ports(words: tuple[str, ...]) -> dict[str, int]:
    """The port numbers of `known_tcp_ports`: `smtps=submissions=465` names one port twice."""
    ports: dict[str, int] = {}
    for word in words:
        *names, number = word.split("=")
        if number.isdigit():
            ports.update(dict.fromkeys(names, int(number)))
    return ports


def split_endpoint(name: str) -> tuple[str, str]:
    """Host and port of an inet service's name; the host is empty where the name is a port alone.

    `[::1]:25` and `::1:25` both are port 25 of `::1`.
    """
    host, _, port = name.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), port
