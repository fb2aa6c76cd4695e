"""`gatepost sendmail`, also as sendmail, mailq and newaliases: mail from programs on this machine.

The rules:

1. The message goes to the running server's drop socket, so that any user may send without any privilege of ours.
2. Exit status 0 means queued. 75 (EX_TEMPFAIL) means that nothing was queued and that trying again may help; 64 to 69
   say that it will not.
3. Options that others have and that mean nothing here are taken and passed over, as every sendmail does.
"""

from __future__ import annotations

import argparse
import getpass
import os
import pwd
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatepost.cli.main import default_directory
from gatepost.config.load import load
from gatepost.mail.addresslist import Address, parse
from gatepost.server.drop import Receipt, Request, submit
from gatepost.server.instance import Instance

OK, EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_TEMPFAIL = 0, 64, 65, 69, 75
"""Exit statuses of sysexits.h that callers of sendmail know."""

MESSAGE_LIMIT = 1024 * 1024 * 1024
"""Bytes read from standard input; the server has a limit of its own (message_size_limit)."""

_WITH_VALUE = frozenset("BCFfhLNORrVX")
"""Options with a value, in the same word or the next; `-o` has it in the same word only."""

_FLAGS = frozenset("tinvGUm")
"""Options without a value."""

_PASSED_OVER = frozenset("ABGhLmnOUvX")
"""Options of other sendmails that mean nothing here."""

_HELP = """\
usage: gatepost sendmail [-C DIR] [-t] [-i] [-f SENDER] [-F NAME] [-N WHEN] [-R RET] [-V ENVID] [RECIPIENT...]

Submit a message from standard input. It ends with the input, or at a line with a single dot (not with -i).

  -t            recipients are also those of the To, Cc and Bcc headers; Bcc is removed
  -i, -oi       a line with a single dot is text
  -f SENDER     envelope sender (default: the user's login name)
  -F NAME       the sender's full name
  -N WHEN       when to report: never, or success,failure,delay
  -R RET        what a report returns: full or hdrs
  -V ENVID      envelope identifier that a report names
  -C DIR        configuration folder
  -bp           list the queue (mailq);  -q, -qRSITE  try to deliver what waits;  -bi  (newaliases: nothing to do)

Exit status: 0 queued, 75 nothing was queued and trying again may help, others: it will not.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the words of the command line ask for."""

    mode: str = "m"
    site: str = ""
    directory: Path | None = None
    sender: str | None = None
    recipients: tuple[str, ...] = ()
    extract: bool = False
    dot_is_text: bool = False
    full_name: str = ""
    notify: str = ""
    ret: str = ""
    envid: str = ""
    help: bool = False


class UsageError(Exception):
    """The words make no sense; the text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: sendmail's options are read in their own way."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Submit, or list the queue; the exit status."""
    words: list[str] = arguments.words
    called = words.pop(0).removeprefix("--as=") if words and words[0].startswith("--as=") else "sendmail"
    try:
        options = parse_words(words)
    except UsageError as error:
        print(f"sendmail: {error}", file=sys.stderr)
        return EX_USAGE
    if options.help:
        print(_HELP, end="")
        return OK
    directory = options.directory or default_directory()
    mode = {"mailq": "p", "newaliases": "i"}.get(called, options.mode)
    match mode:
        case "p":
            return _queue(directory, "list")
        case "q":
            return _queue(directory, "flush", *([options.site] if options.site else []))
        case "i":
            return OK  # tables are read from their source text
        case "m":
            return _send(directory, options)
        case _:
            print(f"sendmail: -b{mode} is not supported", file=sys.stderr)
            return EX_USAGE


def parse_words(words: list[str]) -> Options:
    """The options of a command line. Raises UsageError."""
    options = Options()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return replace(options, recipients=(*options.recipients, *waiting))
        if word in {"--help", "-h"} and not options.recipients and not waiting:
            return replace(options, help=True)
        if not word.startswith("-") or word == "-":
            options = replace(options, recipients=(*options.recipients, word))
            continue
        options = _option(options, word[1:], waiting)
    return options


def _option(options: Options, text: str, waiting: list[str]) -> Options:
    letter, value = text[:1], text[1:]
    if letter in _FLAGS and value:  # several flags in one word
        return _option(_option(options, letter, waiting), value, waiting)
    if letter in _WITH_VALUE and not value:
        if not waiting:
            raise UsageError(f"option -{letter} needs a value")
        value = waiting.pop(0)
    changes = _changes(letter, value)
    if changes is None:
        raise UsageError(f"unknown option -{text}; gatepost sendmail --help lists them")
    return replace(options, **changes)


def _changes(letter: str, value: str) -> dict[str, Any] | None:
    """What an option changes; None for one that nobody has."""
    if letter == "o":
        return {"dot_is_text": True} if value == "i" else {}
    if letter in _PASSED_OVER:
        return {}
    known: dict[str, dict[str, Any]] = {
        "t": {"extract": True},
        "i": {"dot_is_text": True},
        "b": {"mode": value or "m"},
        "f": {"sender": value.removeprefix("<").removesuffix(">")},
        "r": {"sender": value.removeprefix("<").removesuffix(">")},
        "C": {"directory": Path(value).parent if value.endswith("main.cf") else Path(value)},
        "F": {"full_name": value},
        "V": {"envid": value},
    }
    if letter == "q":
        return _flush(value)
    if letter == "N":
        return {"notify": _words_of(value, {"NEVER", "SUCCESS", "FAILURE", "DELAY"}, "-N")}
    if letter == "R":
        return {"ret": _words_of(value, {"FULL", "HDRS"}, "-R")}
    return known.get(letter)


def _flush(value: str) -> dict[str, Any]:
    """`-q`, `-qRsite`; an interval is for daemons and means a flush now. Raises UsageError."""
    if value[:1] == "R":
        return {"mode": "q", "site": value[1:]}
    if value[:1] in {"I", "S"}:
        raise UsageError(f"-q{value[:1]} is not supported; `gatepost queue requeue ID` tries one message now")
    return {"mode": "q"}


def _words_of(value: str, known: set[str], option: str) -> str:
    words = [word.strip().upper() for word in value.split(",")]
    if not set(words) <= known or ("NEVER" in words and len(words) > 1):
        raise UsageError(f"bad value for {option}: {value}")
    return ",".join(words)


def _send(directory: Path, options: Options) -> int:
    content = read_message(sys.stdin.buffer.read(MESSAGE_LIMIT), dot_is_text=options.dot_is_text)
    recipients = [address for word in options.recipients for address in addresses(word)]
    if options.extract:
        content, found = extract(content)
        recipients += found
    if not recipients:
        print("sendmail: no recipients", file=sys.stderr)
        return EX_USAGE
    request = Request(
        sender=_login_name() if options.sender is None else options.sender,
        recipients=tuple(dict.fromkeys(recipients)),
        full_name=options.full_name or os.environ.get("NAME", "") or _full_name(),
        notify=options.notify,
        ret=options.ret,
        envid=options.envid,
    )
    receipt = submit(Instance.of(load(directory).settings).drop_socket, request, content)
    return _status(receipt)


def _status(receipt: Receipt) -> int:
    if receipt.queue_id:
        return OK
    print(f"sendmail: {receipt.reason}", file=sys.stderr)
    return EX_TEMPFAIL if receipt.temporary else EX_UNAVAILABLE


def read_message(content: bytes, *, dot_is_text: bool) -> bytes:
    """The message of what was read: without mbox's first line, and up to the line with a dot where that ends it."""
    if content.startswith(b"From "):
        content = content.partition(b"\n")[2]
    if dot_is_text:
        return content
    kept = []
    for line in content.splitlines(keepends=True):
        if line.rstrip(b"\r\n") == b".":
            break
        kept.append(line)
    return b"".join(kept)


def addresses(text: str) -> list[str]:
    """The addresses of a header's value or of a word of the command line."""
    return [item.text for item in parse(text) if isinstance(item, Address)]


def extract(content: bytes) -> tuple[bytes, list[str]]:
    """The message without Bcc, and the recipients that its headers name: the resent ones, where there are any."""
    kept: list[bytes] = []
    found: dict[bool, list[str]] = {False: [], True: []}
    lines = content.splitlines(keepends=True)
    index = 0
    while index < len(lines) and lines[index].strip(b"\r\n"):
        end = index + 1
        while end < len(lines) and lines[end][:1] in (b" ", b"\t"):
            end += 1
        name, _, value = b"".join(lines[index:end]).partition(b":")
        label = name.strip().lower()
        if label.removeprefix(b"resent-") in {b"to", b"cc", b"bcc"}:
            text = " ".join(value.decode("utf-8", "surrogateescape").split())
            found[label.startswith(b"resent-")] += addresses(text)
        if not label.endswith(b"bcc"):
            kept += lines[index:end]
        index = end
    return b"".join([*kept, *lines[index:]]), found[True] or found[False]


def _login_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return getpass.getuser()


def _full_name() -> str:
    """The user's name as the system knows it (the first GECOS field, where `&` stands for the login name)."""
    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return ""
    return entry.pw_gecos.partition(",")[0].replace("&", entry.pw_name.capitalize())


def _queue(directory: Path, *action: str) -> int:
    from gatepost.cli.main import main

    return main(["queue", "-c", str(directory), *action])
