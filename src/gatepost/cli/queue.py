"""`gatepost queue`: the mail queue of a server that runs, and of one that does not.

Each slot is asked by its owner's control socket; where nobody owns it, its file is opened under the slot's lock.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gatepost.cli.main import add_directory
from gatepost.cli.transfer import Import, complain, export, said
from gatepost.config.load import load
from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.queue.administration import EVERYTHING, Administration, Answer, Request, StoreActor, Verb
from gatepost.queue.control import ask
from gatepost.queue.embedded import EmbeddedStore, open_store
from gatepost.queue.exchange import pairs
from gatepost.queue.postfixqueue import converted
from gatepost.queue.spool import Slot, Spool
from gatepost.queue.store import SlotBusy, StoreError
from gatepost.server.privileges import choose_owner

_HELP = {
    Verb.LIST: "show the messages in the queue",
    Verb.SHOW: "show messages with their content",
    Verb.HOLD: "keep messages back until they are released",
    Verb.RELEASE: "deliver held messages",
    Verb.REQUEUE: "work the recipients of messages out anew, and deliver them now",
    Verb.DELETE: "delete messages for good",
    Verb.FLUSH: "try all deferred mail now, or that for one domain",
    Verb.EXPORT: "write messages into a folder: NAME.eml with the content, NAME.json with the envelope",
    Verb.IMPORT: "take in messages from such a folder, or from a Postfix queue",
}

_DONE = {
    Verb.HOLD: "{} placed on hold",
    Verb.RELEASE: "{} released from hold",
    Verb.REQUEUE: "{} requeued",
    Verb.DELETE: "{} deleted",
}

_MARKS = {"active": "*", "hold": "!", "damaged": "?"}

HEADING = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------"

Print = Callable[[str], None]

_T = TypeVar("_T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    add_directory(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, line in _HELP.items():
        added = verbs.add_parser(verb.value, help=line, description=f"{line.capitalize()}.")
        add_directory(added, again=True)
        added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")
        match verb:
            case Verb.LIST:
                added.add_argument("names", nargs="*", metavar="ID", help="queue ids (default: all)")
            case Verb.EXPORT:
                added.add_argument("folder", type=Path, metavar="FOLDER", help="it is made if need be")
                added.add_argument("names", nargs="*", metavar="ID", help="queue ids (default: all)")
            case Verb.IMPORT:
                added.add_argument("folder", type=Path, metavar="FOLDER")
                added.add_argument("--postfix", action="store_true", help="the folder is a Postfix queue directory")
            case Verb.FLUSH:
                added.add_argument("names", nargs="?", metavar="DOMAIN", help="only mail with a recipient there")
            case _:
                added.add_argument("names", nargs="+", metavar="ID", help=f"queue ids, or {EVERYTHING}")


def run(arguments: argparse.Namespace) -> int:
    """Do it; exit status 1 where a queue id is not there, or a slot did not answer."""
    given = getattr(arguments, "names", None)
    names = [given] if isinstance(given, str) else given or []
    request = Request(Verb(arguments.verb), tuple(names))
    settings = load(arguments.directory).settings
    spool = Spool(Path(settings.queue_directory))
    try:
        match request.verb:
            case Verb.EXPORT:
                return _export(spool, request, arguments.folder)
            case Verb.IMPORT:
                return _import(spool, arguments.folder, settings, from_postfix=arguments.postfix)
            case _:
                return perform(spool, request, as_json=arguments.json)
    except PermissionError as error:
        print(f"gatepost queue: {error.filename}: the queue is root's and {settings.mail_owner}'s", file=sys.stderr)
        return 1


def perform(spool: Spool, request: Request, *, as_json: bool = False) -> int:
    """Ask every slot, and print what they say."""
    seen: set[str] = set()
    problems: list[str] = []
    answers = _noting(_answers(spool, request, problems), seen)
    if as_json:
        for answer in answers:
            print(json.dumps(answer))
    else:
        _print_for_people(request.verb, answers)
    missing = [name for name in request.names if name not in seen and name != EVERYTHING]
    if request.verb is not Verb.FLUSH:
        problems += [f"{name}: {_WHY_MISSING.get(request.verb, 'not in the queue')}" for name in missing]
    for problem in problems:
        print(f"gatepost queue: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _export(spool: Spool, request: Request, folder: Path) -> int:
    problems: list[str] = []
    seen: set[str] = set()
    made = export(folder, _noting(_answers(spool, request, problems), seen))
    print(said(made.count, f"exported to {folder}"))
    missing = [f"{name}: not in the queue" for name in request.names if name not in seen and name != EVERYTHING]
    return complain([*problems, *made.problems, *missing])


def _import(spool: Spool, folder: Path, settings: Settings, *, from_postfix: bool) -> int:
    if not list(spool.slots()):
        owner = choose_owner(settings.mail_owner, explicit=settings.is_set("mail_owner"))
        ids = None if owner is None else (owner.uid, owner.gid)
        spool.create(ids)
        spool.slot(0).create(ids)
    first = spool.slot(next(spool.slots()))
    problems: list[str] = []
    made = Import(
        spool.folder, lambda request: _answers(spool, request, problems), lambda request: _slot_answers(first, request)
    )
    with tempfile.TemporaryDirectory() as name:
        made.run(converted(folder, Path(name), problems.append) if from_postfix else pairs(folder))
    known = f", {made.known} known already" if made.known else ""
    print(said(len(made.taken), f"imported from {folder}{known}"))
    return complain([*problems, *made.problems])


_WHY_MISSING = {
    Verb.HOLD: "not in the queue, or on hold already",
    Verb.RELEASE: "not on hold",
}


def _answers(spool: Spool, request: Request, problems: list[str]) -> Iterator[Answer]:
    for number in spool.slots():
        try:
            yield from _slot_answers(spool.slot(number), request)
        except (StoreError, OSError) as error:
            problems.append(f"slot {number}: {error}")


def _slot_answers(slot: Slot, request: Request) -> Iterator[Answer]:
    try:
        yield from ask(slot.control, request)
    except (ConnectionRefusedError, FileNotFoundError):
        if not slot.database.exists():
            return
    else:
        return
    try:
        yield from _opened(slot, request)
    except SlotBusy as error:
        raise StoreError(f"its owner does not answer, as it starts or ends just now ({error})") from error


def _opened(slot: Slot, request: Request) -> Iterator[Answer]:
    """The answers of a slot that nobody runs, one by one, as they may be many and large."""
    with asyncio.Runner() as runner:

        def ours(work: Coroutine[None, None, _T]) -> _T:
            with _as_owner(slot):
                return runner.run(work)

        store = ours(_store(slot))
        try:
            administration = Administration(store, StoreActor(store, time.time), _unlogged, slot.folder.parent)
            answers = administration.answer(request)
            while (answer := ours(_next(answers))) is not None:
                yield answer
        finally:
            ours(store.close())


async def _store(slot: Slot) -> EmbeddedStore:
    return open_store(slot)


async def _next(answers: AsyncIterator[Answer]) -> Answer | None:
    return await anext(answers, None)


@contextmanager
def _as_owner(slot: Slot) -> Iterator[None]:
    """What root writes into a queue belongs to the queue's owner, who has to read it."""
    owner = slot.folder.stat()
    before = os.geteuid(), os.getegid()
    if not before[0]:
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])


def _unlogged(_event: Event) -> None:
    """No server runs, so there is no log; the command says what it did."""


def _noting(answers: Iterable[Answer], seen: set[str]) -> Iterator[Answer]:
    for answer in answers:
        if "queue_id" in answer:
            seen.add(str(answer["queue_id"]))
        yield answer


def _print_for_people(verb: Verb, answers: Iterator[Answer]) -> None:
    match verb:
        case Verb.LIST:
            print_list(answers)
        case Verb.SHOW:
            _print_contents(answers)
        case Verb.FLUSH:
            count = sum(_number(answer, "count") for answer in answers)
            print("1 message is tried now" if count == 1 else f"{count} messages are tried now")
        case _:
            for answer in answers:
                print(_DONE[verb].format(answer["queue_id"]))


def print_list(answers: Iterable[Answer]) -> None:
    """A listing as Postfix's `mailq` shows it: `*` is being delivered, `!` is on hold, `?` is damaged."""
    count = size = 0
    for answer in answers:
        print(HEADING if not count else "")
        count += 1
        size += _number(answer, "message_size")
        for line in _entry_lines(answer):
            print(line)
    if count:
        print(f"\n-- {-(-size // 1024)} Kbytes in {count} Request{'' if count == 1 else 's'}.")
    else:
        print("Mail queue is empty")


def _entry_lines(answer: Answer) -> Iterator[str]:
    mark = _MARKS.get(str(answer["queue_name"]), " ")
    arrived = time.strftime("%a %b %e %H:%M:%S", time.localtime(_number(answer, "arrival_time")))
    yield f"{str(answer['queue_id']) + mark:<12}{_number(answer, 'message_size'):>8} {arrived}  {answer['sender']}"
    recipients = answer["recipients"]
    last = ""
    for recipient in recipients if isinstance(recipients, list) else []:
        reason = str(recipient.get("delay_reason") or answer["reason"])
        if reason and reason != last:
            yield f"{f'({reason})':>78}"
        last = reason
        yield f"{'':42}{recipient['address']}"


def _print_contents(answers: Iterable[Answer]) -> None:
    for answer in answers:
        if "content" in answer:
            sys.stdout.flush()
            sys.stdout.buffer.write(base64.b64decode(str(answer["content"])).replace(b"\r\n", b"\n"))
            sys.stdout.buffer.flush()
        else:
            print("\n".join(("", *_entry_lines(answer), "")))


def _number(answer: Answer, name: str) -> int:
    value = answer[name]
    return value if isinstance(value, int) else 0
