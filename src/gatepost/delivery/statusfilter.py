"""Delivery status filters (`default_delivery_status_filter` and each agent's own): tables that reword results.

The rules:

1. The tables are asked for the status code and text as the log has them, `5.1.1 unknown user: "x"`.
2. The answer is a status code and a text. A success stays one, a failure may become a deferral and the other way round.
3. What is no such answer changes nothing, and is logged. A table that fails changes nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gatepost.delivery.surroundings import Surroundings
from gatepost.mail.delivery import Job, Result, Status, Transport
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import LookupFailed, Oracle

_ANSWER = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\s+(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filtered:
    """An agent whose results go through tables."""

    agent: Transport
    tables: tuple[str, ...]
    world: Surroundings

    async def deliver(self, job: Job) -> Sequence[Result]:
        """Have it delivered, and reword what came of it."""
        emit, oracle = self.world.emit(job.number), self.world.oracle()
        return [await self._reworded(result, oracle, emit) for result in await self.agent.deliver(job)]

    async def _reworded(self, result: Result, oracle: Oracle, emit: Emit) -> Result:
        if result.told is not None:
            result = replace(result, told=tuple([await self._reworded(told, oracle, emit) for told in result.told]))
        said = f"{result.dsn} {result.text}"
        try:
            answer = await self._answer(said, oracle)
        except LookupFailed as error:
            emit(Warned(str(error)))
            return result
        if answer is None:
            return result
        found = _ANSWER.fullmatch(answer.strip())
        if found is None or (found[1][0] == "2") is not (result.status is Status.SENT):
            emit(Warned(f"delivery status filter: no use for {answer!r} in the place of {said!r}"))
            return result
        status = {"2": Status.SENT, "4": Status.DEFERRED, "5": Status.BOUNCED}[found[1][0]]
        return replace(result, status=status, dsn=found[1], text=found[2])

    async def _answer(self, said: str, oracle: Oracle) -> str | None:
        for table in self.tables:
            answer = await oracle.lookup(table, said)
            if answer is not None:
                return answer
        return None
