"""Queue ids: their forms, and that none comes twice."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gatepost.queue.ids import SLOTS, Identities, long_id, short_id

NOW = 1_700_000_000.123456


def test_the_short_form_is_microseconds_and_a_number() -> None:
    assert short_id(0x1E240, 0x100000) == "1E240100000"
    assert re.fullmatch(r"[0-9A-F]{6,}", Identities(0).next(NOW).queue_id)


def test_the_long_form_has_the_time_and_a_number() -> None:
    assert long_id(0, 0, 0) == "0000000000z0"
    found = re.fullmatch(
        r"([0-9BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz]{6})(\w{4})z([0-9B-DF-HJ-NP-TV-Zb-df-hj-np-ty]+)",
        Identities(0, long=True).next(NOW).queue_id,
    )
    assert found


@given(st.integers(1, 2**33), st.integers(0, 999_999), st.integers(1, 2**50))
def test_long_ids_sort_by_time(second: int, microsecond: int, number: int) -> None:
    earlier, later = long_id(second, microsecond, number), long_id(second + 1, 0, 0)
    order = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
    assert [order.index(c) for c in earlier[:10]] < [order.index(c) for c in later[:10]]
    assert "z" not in earlier[11:]


def test_slots_and_time_do_not_make_one_twice() -> None:
    first, second = Identities(0), Identities(1)
    made = [identities.next(NOW) for _ in range(100) for identities in (first, second)]
    assert len({identity.number for identity in made}) == len({identity.queue_id for identity in made}) == 200


def test_counting_goes_on_where_it_stopped() -> None:
    identities = Identities(3)
    last = identities.next(NOW)
    assert Identities(3, identities.count).next(NOW).number == last.number + SLOTS
