"""Sessions that are kept for the next message (`smtp_connection_cache_*`, `smtp_connection_reuse_*`).

The rules:

1. A session is kept under its terms, and under its next hop where its host was among the best of it. Whoever asks
   by next hop needs no look-up at all; whoever asks by terms shares the session with other domains of the same host.
2. Sessions of other services, logins or TLS policies are never mixed up: a pool belongs to one service, and terms
   differ in all that makes a session another one.
3. A session that its server has left, or said something in unasked, is not given out.
4. One that nobody took for `time_limit` seconds is left with QUIT, as is one that was used for `reuse_time_limit`
   seconds or, where there is such a limit, `reuse_count_limit` more times.
5. No more than `CAPACITY` wait at a time; the one that waited longest goes first.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from gatepost.delivery.rules import PoolRules
from gatepost.delivery.session import Session
from gatepost.delivery.terms import SessionTerms

_Key = TypeVar("_Key")

CAPACITY = 500
"""Sessions of one service that may wait, for all destinations together."""


class Pool:
    """The idle sessions of one service."""

    def __init__(self, rules: PoolRules) -> None:
        self._rules = rules
        self._idle: dict[Session, str] = {}  # with its next hop, in the order in which they came
        self._by_hop: dict[str, dict[Session, None]] = {}
        self._by_place: dict[tuple[str, str], dict[Session, None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._idle)

    def for_hop(self, nexthop: str) -> Session | None:
        """A session with one of the best hosts of a next hop; it is the caller's now."""
        while found := self._by_hop.get(nexthop):
            session = next(reversed(found))  # it waited least; those beyond the need grow old and go
            if self._is_fit(session):
                return session
        return None

    def on_terms(self, terms: SessionTerms) -> Session | None:
        """A session on these terms; it is the caller's now."""
        for session in reversed(list(self._by_place.get(_place(terms), ()))):
            if session.terms == terms and self._is_fit(session):
                return session
        return None

    def keep(self, session: Session, nexthop: str) -> None:
        """Keep a session that is idle, or leave it; the next hop is empty where its host is not one of the best."""
        now = asyncio.get_running_loop().time()
        if not session.is_idle or self._is_worn(session, now):
            session.leave()
            return
        session.idle_since = now
        self._idle[session] = nexthop
        if nexthop:
            self._by_hop.setdefault(nexthop, {})[session] = None
        self._by_place.setdefault(_place(session.terms), {})[session] = None
        if len(self._idle) > CAPACITY:
            self._drop(next(iter(self._idle)))
        if self._timer is None:
            self._watch(self._rules.time_limit)

    def close(self) -> None:
        """Leave all sessions."""
        for session in list(self._idle):
            self._drop(session)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_fit(self, session: Session) -> bool:
        """Take a session out; leave it where it is of no more use."""
        self._forget(session)
        if session.is_idle and not self._is_worn(session, asyncio.get_running_loop().time()):
            return True
        session.leave()
        return False

    def _is_worn(self, session: Session, now: float) -> bool:
        rules = self._rules
        return now - session.began >= rules.reuse_time_limit or 0 < rules.reuse_count_limit < session.uses

    def _drop(self, session: Session) -> None:
        self._forget(session)
        session.leave()

    def _forget(self, session: Session) -> None:
        nexthop = self._idle.pop(session)
        if nexthop:
            _remove(self._by_hop, nexthop, session)
        _remove(self._by_place, _place(session.terms), session)

    def _watch(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        """Leave the sessions whose time is over, and come back for the next one."""
        self._timer = None
        now, limit = asyncio.get_running_loop().time(), self._rules.time_limit
        for session in list(self._idle):
            left = session.idle_since + limit - now
            if left > 0 and session.is_idle:
                self._watch(left)
                return
            self._drop(session)


def _place(terms: SessionTerms) -> tuple[str, str]:
    return terms.server.address, terms.server.port


def _remove(index: dict[_Key, dict[Session, None]], key: _Key, session: Session) -> None:
    found = index[key]
    del found[session]
    if not found:
        del index[key]
