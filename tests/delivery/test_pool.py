"""Sessions that are kept, in the pool of one service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from gatepost.delivery import pool as pools
from gatepost.delivery.pool import Pool
from gatepost.delivery.rules import ClientRules, PoolRules
from gatepost.delivery.session import Session
from gatepost.delivery.terms import SessionTerms
from gatepost.smtp.client_values import Server
from gatepost.tls.policy import TlsPolicy

TERMS = SessionTerms(
    ClientRules(), Server("mx.b.example", "192.0.2.7", "25"), "b.example", TlsPolicy(), None, detects_loops=True
)
HIDDEN = replace(TERMS, discard=frozenset({"DSN"}))


class FakeSession(Session):
    """A session without a connection. `left`: it was told to go."""

    def __init__(self, terms: SessionTerms = TERMS, *, uses: int = 1, age: float = 0.0) -> None:
        self.terms = terms
        self.uses = uses
        self.began = asyncio.get_running_loop().time() - age
        self.idle_since = 0.0
        self.is_lone = False
        self.left = asyncio.Event()
        self.idle = True

    @property
    def is_idle(self) -> bool:
        return self.idle

    def leave(self) -> None:
        self.left.set()


def run(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    def runs() -> None:
        asyncio.run(test())

    runs.__name__ = test.__name__
    runs.__doc__ = test.__doc__
    return runs


@run
async def test_a_session_is_found_by_next_hop_and_by_terms() -> None:
    pool = Pool(PoolRules())
    asks: list[Callable[[], Session | None]] = [lambda: pool.for_hop("b.example"), lambda: pool.on_terms(TERMS)]
    for ask in asks:
        session = FakeSession()
        pool.keep(session, "b.example")
        assert ask() is session
        assert ask() is None
        assert (len(pool), session.left.is_set()) == (0, False)
    pool.close()


@run
async def test_a_host_that_is_not_among_the_best_is_found_by_terms_only() -> None:
    pool = Pool(PoolRules())
    pool.keep(FakeSession(), "")
    assert pool.for_hop("") is None
    assert pool.for_hop("b.example") is None
    assert pool.on_terms(TERMS) is not None
    pool.close()


@run
async def test_other_terms_are_another_session() -> None:
    pool = Pool(PoolRules())
    session = FakeSession(HIDDEN)
    pool.keep(session, "b.example")
    pool.keep(FakeSession(), "c.example")
    assert pool.on_terms(HIDDEN) is session
    assert pool.on_terms(HIDDEN) is None
    assert len(pool) == 1
    pool.close()


@run
async def test_the_session_that_waited_least_is_taken_first() -> None:
    pool = Pool(PoolRules())
    old, new = FakeSession(), FakeSession()
    for session in (old, new):
        pool.keep(session, "b.example")
    assert (pool.for_hop("b.example"), pool.for_hop("b.example")) == (new, old)
    pool.close()


@run
async def test_a_session_that_its_server_left_is_passed_over() -> None:
    pool = Pool(PoolRules())
    gone, good = FakeSession(), FakeSession()
    for session in (good, gone):
        pool.keep(session, "b.example")
    gone.idle = False
    assert pool.for_hop("b.example") is good
    assert gone.left.is_set()
    pool.close()


@pytest.mark.parametrize(
    ("kept", "uses", "age", "rules"),
    [
        (True, 3, 299.0, PoolRules()),
        (False, 1, 300.0, PoolRules()),
        (True, 2, 0.0, PoolRules(reuse_count_limit=2)),
        (False, 3, 0.0, PoolRules(reuse_count_limit=2)),
    ],
)
def test_a_session_wears_out(kept: bool, uses: int, age: float, rules: PoolRules) -> None:
    async def main() -> None:
        pool = Pool(rules)
        session = FakeSession(uses=uses, age=age)
        pool.keep(session, "b.example")
        assert kept is not session.left.is_set()
        pool.close()
        assert session.left.is_set()

    asyncio.run(main())


@run
async def test_a_session_that_nobody_wants_is_left_after_a_moment() -> None:
    pool = Pool(PoolRules(time_limit=0.01))
    sessions = [FakeSession(), FakeSession()]
    for session in sessions:
        pool.keep(session, "b.example")
    for session in sessions:
        await session.left.wait()
    assert len(pool) == 0


@run
async def test_no_more_wait_than_there_is_room_for() -> None:
    pool = Pool(PoolRules())
    sessions = [FakeSession() for _ in range(pools.CAPACITY + 1)]
    for session in sessions:
        pool.keep(session, "b.example")
    assert [session.left.is_set() for session in sessions] == [True] + [False] * pools.CAPACITY
    pool.close()
