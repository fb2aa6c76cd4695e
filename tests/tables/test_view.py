"""All tables, and what one transaction sees."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.oracle import LookupFailed
from tests.fakes.tables import TableBench


def test_one_transaction_sees_one_version() -> None:
    bench = TableBench(access="a 1\n")

    async def scenario() -> None:
        view = bench.tables.view()
        assert "1" == await view.lookup("hash:/access", "a")
        bench.files.write("/access", "a 2\n", age=5)
        assert "2" == await bench.answer("hash:/access", "a")
        assert "1" == await view.lookup("hash:/access", "a")

    asyncio.run(scenario())


def test_a_table_is_read_once_however_it_is_named() -> None:
    bench = TableBench(access="a 1\n")
    bench.files.time += 5
    specs = ("hash:/access", "proxy:hash:/access", "/access", "proxy:proxy:hash:/access")
    assert ["1"] * 4 == [bench.ask(spec, "a") for spec in specs]
    assert 1 == bench.files.reads


def test_without_type_it_is_the_default_one() -> None:
    bench = TableBench("default_database_type = texthash\n", access="a 1\na 2\n")
    assert bench.tables.plain("/access") == "texthash:/access"
    assert bench.tables.plain("/with:colon") == "texthash:/with:colon"


PARTIAL = (
    ("hash:/x", True),
    ("proxy:unix:passwd.byname", True),
    ("inline:{a=b}", True),
    ("static:x", True),
    ("regexp:/x", False),
    ("pcre:{{/a/ b}}", False),
    ("cidr:/x", False),
    ("fail:x", False),
)


@pytest.mark.parametrize(("spec", "expected"), PARTIAL)
def test_patterns_take_only_the_full_key(spec: str, expected: bool) -> None:
    assert expected == TableBench().tables.view().partial_keys(spec)


def test_a_failure_names_the_table_as_the_caller_did_and_goes_to_the_transactions_log() -> None:
    bench = TableBench()
    said: list[object] = []

    async def scenario() -> None:
        with pytest.raises(LookupFailed) as raised:
            await bench.tables.view(said.append).lookup("proxy:hash:/none", "a")
        assert ("proxy:hash:/none", "a") == (raised.value.table, raised.value.key)

    asyncio.run(scenario())
    assert len(said) == 1
    assert not bench.said


def test_a_value_that_is_not_utf8_fails_the_lookup() -> None:
    bench = TableBench(r=b"/x/ v\xff\n")
    assert '<regexp:/r: key "x": non-UTF-8 value "v?": malformed UTF-8 or invalid codepoint>' == bench.ask(
        "regexp:/r", "x"
    )


IN_MEMORY: tuple[tuple[str, dict[str, str] | None], ...] = (
    ("hash:/access", {"a": "1"}),
    ("proxy:hash:/access", {"a": "1"}),
    ("inline:{A=b}", {"a": "b"}),
    ("inline:{a=\udcff}", None),  # what is no UTF-8 fails its lookup
    ("static:x", None),
    ("pcre:{{/a/ b}}", None),
    ("unix:passwd.byname", None),
    ("hash:/none", None),
    ("nonsense:x", None),
)


@pytest.mark.parametrize(("spec", "content"), IN_MEMORY)
def test_a_table_of_fixed_strings_in_memory_is_given_as_a_whole(spec: str, content: dict[str, str] | None) -> None:
    assert content == TableBench(access="A 1\n").tables.view().content(spec)


def test_the_whole_is_of_the_version_that_the_transaction_sees() -> None:
    bench = TableBench(access="a 1\n")

    async def scenario() -> None:
        view, other = bench.tables.view(), bench.tables.view()
        assert {"a": "1"} == view.content("hash:/access")
        assert "1" == await other.lookup("hash:/access", "a")
        bench.files.write("/access", "a 2\n", age=5)
        assert {"a": "2"} == bench.tables.view().content("hash:/access")
        assert ("1", {"a": "1"}) == (await view.lookup("hash:/access", "a"), other.content("hash:/access"))

    asyncio.run(scenario())


def test_a_large_table_is_not_given_as_a_whole_before_it_is_read() -> None:
    bench = TableBench(access="".join(f"key{number} {number}\n" for number in range(20_000)))

    async def scenario() -> None:
        view = bench.tables.view()
        assert view.content("hash:/access") is None
        assert "7" == await view.lookup("hash:/access", "key7")
        assert 20_000 == len(bench.tables.view().content("hash:/access") or ())

    asyncio.run(scenario())


def test_listing() -> None:
    bench = TableBench(access="B 2\na 1\n")

    async def scenario() -> None:
        assert [("b", "2"), ("a", "1")] == list(await bench.tables.view().pairs("hash:/access"))
        with pytest.raises(LookupFailed, match="cannot list"):
            await bench.tables.view().pairs("static:x")
        with pytest.raises(LookupFailed, match="No such file"):
            await bench.tables.view().pairs("hash:/none")

    asyncio.run(scenario())
