"""A worker process: one event loop that accepts, decides, queues and delivers, under the supervisor's word."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass

import uvloop

from gatepost.config.findings import ConfigurationError
from gatepost.config.load import Configuration, load
from gatepost.delivery import helper
from gatepost.delivery.writers import COMMANDS, DirectWriter, HelperWriter, UserRights
from gatepost.mail.events import Emit, Warned
from gatepost.maillog import Logger
from gatepost.server import control
from gatepost.server.control import Message, Word
from gatepost.server.live import Live, Surroundings
from gatepost.server.logsink import LogSink
from gatepost.server.privileges import Owner, die_with_parent, drop
from gatepost.server.reload import HandedFiles, private_files
from gatepost.server.sockets import Endpoint, close
from gatepost.server.supervisor import Task


@dataclass(frozen=True, slots=True)
class Setting:
    """What all workers of a server have in common; `limits` is the descriptor of the table of client limits.

    `mailboxes` is the socket of the helper that writes to other users' mailboxes; it exists where there is an owner.
    """

    sink: LogSink
    owner: Owner | None
    workers: int
    limits: int
    mailboxes: str


def help_deliver(mailboxes: str, owner: Owner, parent: int) -> None:
    """Be the mailbox helper, which stays root, until the supervisor is gone."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    helper.serve(helper.listen(mailboxes, owner.uid), owner.uid)


def work(configuration: Configuration, task: Task, *, setting: Setting) -> int:
    """Serve until told to stop; the exit status. Called in a freshly forked process, which may still be root."""
    handed = private_files(configuration, owner=setting.owner)
    if setting.owner is not None:
        drop(setting.owner)
    die_with_parent(task.parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the supervisor says what to do
    return uvloop.run(_Worker(configuration, task, setting).main(handed))


class _Worker:
    def __init__(self, configuration: Configuration, task: Task, setting: Setting) -> None:
        self._configuration = configuration
        self._task = task
        self._setting = setting
        self._sink = setting.sink
        self._emit: Emit = Logger(setting.sink).bind("master", os.getpid())
        self._stop = asyncio.Event()
        self._reloads: set[asyncio.Task[None]] = set()

    async def main(self, handed: Mapping[str, bytes]) -> int:
        loop = asyncio.get_running_loop()
        setting = self._setting
        live = Live(Surroundings(self._sink, self._task.number, setting.workers, setting.limits, _rights(setting)))
        await live.start(self._configuration, dict(self._task.listeners), HandedFiles(handed))
        end = self._task.end
        end.setblocking(False)
        loop.add_reader(end, self._heard, live)
        control.send(end, Message(Word.READY))
        live.failed.add_done_callback(lambda _: self._stop.set())
        await self._stop.wait()
        loop.remove_reader(end)
        await live.stop(self._configuration.settings.gatepost_stop_limit.total_seconds())
        self._sink.flush()
        return 1 if live.failed.done() else 0

    def _heard(self, live: Live) -> None:
        try:
            message = control.receive(self._task.end)
        except BlockingIOError:
            return
        match message:
            case Message(word=Word.REOPEN):
                self._sink.reopen()
            case Message(word=Word.PING):
                control.send(self._task.end, Message(Word.PONG))
            case Message(word=Word.RELOAD):
                reload = asyncio.get_running_loop().create_task(self._reload(live, message))
                self._reloads.add(reload)
                reload.add_done_callback(self._reloads.discard)
            case None | Message(word=Word.STOP):
                self._stop.set()
            case _:
                pass

    async def _reload(self, live: Live, message: Message) -> None:
        """Take over a new configuration, whole or not at all."""
        files, *ends = message.descriptors
        handed = control.unseal(files)
        listeners = {_endpoint(name): control.adopt(end) for name, end in zip(message.listeners, ends, strict=True)}
        try:
            configuration = load(self._configuration.directory)
            await live.reload(configuration, listeners, HandedFiles(handed))
        except ConfigurationError as error:
            close(listeners.values())
            control.send(self._task.end, Message(Word.REFUSED, str(error)[:1000]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the old configuration goes on serving
            close(listeners.values())
            self._emit(Warned(f"reload: {type(error).__name__}: {error}"))
            control.send(self._task.end, Message(Word.REFUSED, str(error)[:1000]))
        else:
            self._configuration = configuration
            control.send(self._task.end, Message(Word.RELOADED))


def _rights(setting: Setting) -> UserRights:
    """Who does what needs a user's rights: the helper, or, where we are not root, we ourselves."""
    if setting.owner is None:
        return DirectWriter()
    return HelperWriter(setting.mailboxes, asyncio.Semaphore(max(1, COMMANDS // setting.workers)))


def _endpoint(name: str) -> Endpoint:
    host, _, port = name.rpartition(" ")
    return host, int(port)
