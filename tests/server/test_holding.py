"""One slot of the queue at work. What a worker does with it is in test_live."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop

from gatepost.delivery.writers import DirectWriter
from gatepost.dns.resolver import Resolver
from gatepost.mail.envelope import Envelope, Origin, Recipient
from gatepost.mail.events import Event
from gatepost.maillog import Logger, text
from gatepost.queue.intake import Accepted, Submission
from gatepost.queue.spool import Spool
from gatepost.queue.store import SlotBusy
from gatepost.server.generation import Lasting, build
from gatepost.server.holding import Holding
from gatepost.server.logins import LoginBackends
from gatepost.server.reload import HandedFiles
from tests.fakes.configurations import configuration


def test_a_slot_has_one_owner_and_the_next_one_goes_on_at_once(tmp_path: Path) -> None:
    log: list[str] = []
    removed = asyncio.Event()

    def sink(tag: str, number: int, event: Event) -> None:
        del tag, number
        log.append(text(event))
        if log[-1].endswith(": removed"):
            removed.set()

    async def main() -> None:
        lasting = Lasting(Logger(sink), Resolver(), LoginBackends(), 7, DirectWriter())
        made = configuration(tmp_path, "local_transport = discard:\nsoft_bounce = yes\n")
        generation = await build(made, HandedFiles({}), lasting)
        spool = Spool(tmp_path / "queue")
        spool.create()
        lost: list[str] = []
        first = Holding(spool.slot(0), generation, lasting.logger, 1, lost.append)
        with pytest.raises(SlotBusy):
            Holding(spool.slot(0), generation, lasting.logger, 2, lost.append)
        draft = first.intake.draft()
        draft.write(b"Subject: x\r\n\r\nhi\r\n")
        envelope = Envelope("a@b.example", (Recipient("k@mx.example", "k@mx.example"),), origin=Origin(is_local=True))
        taken = await draft.commit(Submission(envelope))
        await first.stop(0)  # before anybody was tried: the next owner goes on at once
        second = Holding(spool.slot(0), generation, lasting.logger, 2, lost.append)
        try:
            await second.start()
            second.adopt(generation)
            await asyncio.wait_for(removed.wait(), 20)
        finally:
            await second.stop(5)
        assert isinstance(taken, Accepted)
        assert f"{taken.queue_id}: removed" in log
        assert lost == []

    uvloop.run(main())
