"""Which keys are asked, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.oracle import EmptyResult, LookupFailed, Oracle
from gatepost.routing.search import (
    Found,
    SearchOrder,
    SearchRules,
    find_address,
    find_key,
    find_name,
    find_network,
    name_keys,
    network_keys,
)
from tests.fakes.oracle import FakeOracle, QuickOracle, step


async def _is_ours(domain: str, _oracle: Oracle) -> bool:
    return domain.lower() == "ours.example"


RULES = SearchRules(_is_ours, delimiters="+")


def asked(address: str, order: SearchOrder, table: str = "hash:t") -> list[str]:
    """The keys that a search asks of an empty table."""
    oracle = FakeOracle({table: {}})
    assert step(find_address([table], address, oracle, RULES, order=order)) is None
    return [question.partition(" ")[2] for question in oracle.asked]


@pytest.mark.parametrize(
    ("address", "keys"),
    [
        ("u+e@ours.example", ["u+e@ours.example", "u@ours.example", "u+e", "u", "@ours.example"]),
        ("u@ours.example", ["u@ours.example", "u", "@ours.example"]),
        ("u+e@else.example", ["u+e@else.example", "u@else.example", "@else.example"]),
        ("a b@else.example", ['"a b"@else.example', "a b@else.example", "@else.example"]),
        ("u+e", ["u+e", "u"]),
        ("@else.example", ['""@else.example', "@else.example", "@else.example"]),
        ("", []),
    ],
)
def test_default_order(address: str, keys: list[str]) -> None:
    assert keys == asked(address, SearchOrder.DEFAULT)


def test_access_order() -> None:
    keys = ["u+e@a.b.example", "u@a.b.example", "a.b.example", "b.example", "example", "u+e@", "u@"]
    assert keys == asked("u+e@a.b.example", SearchOrder.ACCESS)


def test_transport_order() -> None:
    keys = ["u+e@a.b.example", "u@a.b.example", "a.b.example", ".b.example", ".example", "*"]
    assert keys == asked("u+e@a.b.example", SearchOrder.TRANSPORT)


@pytest.mark.parametrize("order", list(SearchOrder))
def test_pattern_tables_get_the_complete_key_only(order: SearchOrder) -> None:
    assert asked("u@ours.example", order, "regexp:t") == ["u@ours.example"]


def test_all_tables_are_asked_for_one_key_before_the_next() -> None:
    oracle = FakeOracle({"hash:1": {"u@x": "one"}, "hash:2": {"u+e@x": "two"}})
    found = step(find_address(["hash:1", "hash:2"], "u+e@x", oracle, RULES))
    assert found == Found("hash:2", "u+e@x", "two")


@pytest.mark.parametrize(
    ("key", "extension"),
    [("u+e@ours.example", ""), ("u@ours.example", "+e"), ("u+e", ""), ("u", "+e"), ("@ours.example", "")],
)
def test_the_extension_that_the_key_left_out(key: str, extension: str) -> None:
    found = step(find_address(["hash:t"], "u+e@ours.example", FakeOracle({"hash:t": {key: "x"}}), RULES))
    assert found == Found("hash:t", key, "x", extension)


def test_names_and_those_above() -> None:
    assert ("a.b.example", "b.example", "example") == name_keys("a.b.example", True)
    assert ("a.b.example", ".b.example", ".example") == name_keys("a.b.example", False)
    assert ("192.0.2.1",) == name_keys("192.0.2.1", True)
    assert ("a.",) == name_keys("a.", True)


def test_networks() -> None:
    assert ("192.0.2.1", "192.0.2", "192.0", "192") == network_keys("192.0.2.1")
    assert ("2001:db8::1", "2001:db8:", "2001:db8", "2001") == network_keys("2001:db8::1")
    assert () == network_keys("")


def test_searching_names_and_networks() -> None:
    oracle = FakeOracle(
        {"hash:t": {"b.example": "n", "192.0": "a"}, "pcre:p": {"b.example": "never", "192.0": "never"}}
    )
    tables = ["pcre:p", "hash:t"]
    assert step(find_name(tables, "a.b.example", oracle, parents=True)) == Found("hash:t", "b.example", "n")
    assert step(find_network(tables, "192.0.2.1", oracle)) == Found("hash:t", "192.0", "a")
    assert step(find_network(tables, "", oracle)) is None


def test_one_key() -> None:
    assert step(find_key(["hash:t"], "u@x", FakeOracle({"hash:t": {"u@x": "1"}}))) == Found("hash:t", "u@x", "1")
    assert step(find_key(["hash:t"], "u@y", FakeOracle({"hash:t": {"y": "1"}}))) is None


def test_an_empty_value_is_no_answer() -> None:
    with pytest.raises(EmptyResult):
        step(find_address(["pcre:t"], "u@x", FakeOracle({"pcre:t": {"u@x": ""}}), RULES))


def test_a_table_that_fails_ends_the_search() -> None:
    with pytest.raises(LookupFailed):
        step(find_address(["hash:t"], "u@x", FakeOracle(failing=["hash:t"]), RULES))


ADDRESSES = st.sampled_from(
    [
        "u@x.example",
        "U+e@a.X.example",
        "u+e@ours.example",
        "a b@x.example",
        "u",
        "u+e",
        "ü@x.example",
        "@x.example",
        "u@",
    ]
)
KEYS = st.sampled_from(
    [
        *(
            "u@x.example",
            "u+e@a.x.example",
            "u@a.x.example",
            "x.example",
            ".x.example",
            "u@",
            "u+e@",
            "@x.example",
            "u",
        ),
        *("*", "@ours.example", '"a b"@x.example', "ü@x.example", "", "@", '""@x.example'),
    ]
)
TABLES = st.dictionaries(
    st.sampled_from(["hash:1", "hash:2", "pcre:3"]), st.dictionaries(KEYS, st.just("v")), min_size=1
)


@given(ADDRESSES, TABLES, st.sampled_from(list(SearchOrder)))
def test_a_table_in_memory_gives_the_same(address: str, tables: dict[str, dict[str, str]], order: SearchOrder) -> None:
    asked, quick = FakeOracle(tables), QuickOracle(tables)
    expected = step(find_address(list(tables), address, asked, RULES, order=order))
    assert expected == step(find_address(list(tables), address, quick, RULES, order=order))


@pytest.mark.parametrize("key", ["a.b.example", "b.example", ".b.example", "example", "192.0", "192.0.2.7", ""])
def test_names_and_networks_of_a_table_in_memory_are_the_same(key: str) -> None:
    asked, quick = FakeOracle({"hash:t": {key: "v"}}), QuickOracle({"hash:t": {key: "v"}})
    for name in ("a.b.example", "A.B.example", "192.0.2.7", "", "ä.example"):
        for parents in (True, False):
            expected = step(find_name(["hash:t"], name, asked, parents=parents))
            assert expected == step(find_name(["hash:t"], name, quick, parents=parents))
        expected = step(find_network(["hash:t"], name, asked))
        assert expected == step(find_network(["hash:t"], name, quick))
