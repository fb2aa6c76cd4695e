"""DNS answers through a filter (`smtp_dns_reply_filter`): records that the client shall not see.

Each record is looked up as one line, as zone files write it: `mx.b.example. 0 IN AAAA 2001:db8::1`. The life time is
always 0, as answers come out of a cache. `IGNORE` drops the record; a table can say nothing else. Where all are dropped
the mail waits: that is what the filter's author can mend.
"""

from __future__ import annotations

from dataclasses import replace

from gatepost.mail.events import Emit, Noted, Warned
from gatepost.oracle import DnsAnswer, DnsStatus, LookupFailed, Oracle

DROPPED = "DNS reply filter drops all results"
MALFORMED = "Invalid DNS reply filter syntax"

_NAMES = frozenset({"MX", "NS", "PTR"})
"""Types whose data ends with a host name."""


class FilteredOracle(Oracle):
    """Answers as another oracle does, without the records that the tables drop. `parameter` names them in the log."""

    def __init__(self, oracle: Oracle, tables: tuple[str, ...], parameter: str, emit: Emit) -> None:
        self._oracle = oracle
        self._tables = tables
        self._parameter = parameter
        self._emit = emit

    def takes_partial_keys(self, table: str) -> bool:
        """As the other one."""
        return self._oracle.takes_partial_keys(table)

    async def lookup(self, table: str, key: str) -> str | None:
        """As the other one. Raises LookupFailed."""
        return await self._oracle.lookup(table, key)

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        """The records that are left. Never raises."""
        answer = await self._oracle.dns(name, rtype)
        if answer.status is not DnsStatus.FOUND:
            return answer
        kept: list[str] = []
        owner = answer.canonical or name
        for record in answer.records:
            line = f"{owner}. 0 IN {rtype} {record}{'.' if rtype in _NAMES else ''}"
            try:
                is_dropped = await self._is_dropped(line)
            except LookupFailed as error:
                self._emit(Warned(str(error)))
                return DnsAnswer(DnsStatus.TEMPFAIL, reason=MALFORMED)
            except ValueError as error:
                self._emit(Warned(f'{self._parameter}: unknown DNS filter action: "{error}"'))
                return DnsAnswer(DnsStatus.TEMPFAIL, reason=MALFORMED)
            if is_dropped:
                self._emit(Noted(f"ignoring DNS RR: {line}"))
            else:
                kept.append(record)
        return replace(answer, records=tuple(kept)) if kept else DnsAnswer(DnsStatus.TEMPFAIL, reason=DROPPED)

    async def sleep(self, seconds: float) -> None:
        """As the other one."""
        await self._oracle.sleep(seconds)

    async def _is_dropped(self, line: str) -> bool:
        """Raises LookupFailed, and ValueError for an action that is none."""
        for table in self._tables:
            found = await self._oracle.lookup(table, line)
            if found is not None:
                if found.strip().upper() != "IGNORE":
                    raise ValueError(found)
                return True
        return False
