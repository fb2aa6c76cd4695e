"""The memory of answers."""

from __future__ import annotations

from gatepost.dns.cache import Cache


def test_a_value_is_good_until_its_time() -> None:
    cache: Cache[str, int] = Cache(10)
    cache.put("a", 1, until=5.0)
    assert cache.get("a", now=4.9) == 1
    assert cache.get("a", now=5.0) is None
    assert len(cache) == 0


def test_the_one_unused_for_longest_makes_room() -> None:
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1, until=9.0)
    cache.put("b", 2, until=9.0)
    assert cache.get("a", now=0.0) == 1
    cache.put("c", 3, until=9.0)
    assert [1, None, 3] == [cache.get(key, now=0.0) for key in "abc"]


def test_heavy_values_make_others_give_way() -> None:
    cache: Cache[str, str] = Cache(10)
    for key in "abc":
        cache.put(key, key, 100.0)
    cache.put("long", "x", 100.0, 8)
    assert [None, "b", "c", "x"] == [cache.get(key, 0.0) for key in ("a", "b", "c", "long")]
    cache.put("long", "y", 100.0)  # lighter now
    for key in "defghij":
        cache.put(key, key, 100.0)
    assert (10, "b") == (len(cache), cache.get("b", 0.0))
