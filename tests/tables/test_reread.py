"""Reading a changing file."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.tables.reread import FAULTS_SHOWN, SMALL
from tests.fakes.tables import TableBench

SPEC = "hash:/access"


def test_the_first_reading_does_not_wait() -> None:
    assert "1" == TableBench(access="a 1\n").ask(SPEC, "a")


def test_a_change_is_taken_up_once_it_has_held_still() -> None:
    bench = TableBench(access="a 1\n")
    bench.files.time += 10
    assert "1" == bench.ask(SPEC, "a")
    bench.files.write("/access", "a 2\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.time += 0.9
    assert "1" == bench.ask(SPEC, "a")
    bench.files.time += 0.1
    assert "2" == bench.ask(SPEC, "a")
    assert ["table hash:/access has changed -- reread"] == bench.said


def test_a_file_that_keeps_changing_is_not_read() -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask(SPEC, "a")
    for number in range(2, 9):
        bench.files.time += 0.5
        bench.files.write("/access", f"a {number}\n")
        assert "1" == bench.ask(SPEC, "a")


def test_a_file_that_came_in_whole_need_not_wait() -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.write("/access", "a 2\n", age=60)  # written elsewhere, then moved here
    assert "2" == bench.ask(SPEC, "a")


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.write("/access", "a 2\n", age=-3600)
    assert "1" == bench.ask(SPEC, "a")
    bench.files.time += 1
    assert "2" == bench.ask(SPEC, "a")


def test_what_was_read_too_early_is_read_again() -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.texts["/access"] = b"a 2\n"  # same size, same tick of the clock
    bench.files.time += 1
    assert "2" == bench.ask(SPEC, "a")
    assert bench.files.reads == 2
    assert "2" == bench.ask(SPEC, "a")
    assert bench.files.reads == 2


@pytest.mark.parametrize("text", ["a 2\nbroken\n", "a 2\n\xff\n\n", '"a 2\n'])
def test_a_text_that_no_longer_parses_keeps_the_content(text: str) -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.write("/access", text.encode("latin-1"), age=5)
    assert ["1", "1"] == [bench.ask(SPEC, "a") for _ in range(2)]
    assert bench.said[-1] == (
        "warning: table hash:/access has changed, but cannot be used as it is now: keeping its previous content:"
        " it has lines that cannot be understood"
    )
    assert len(bench.said) == 2  # the line, and the refusal, once
    bench.files.time += 1
    bench.files.write("/access", "a 3\n", age=5)
    assert "3" == bench.ask(SPEC, "a")


def test_a_fault_that_was_there_before_does_not_hold_up_a_change() -> None:
    bench = TableBench(access="a 1\nbroken\n")
    assert "1" == bench.ask(SPEC, "a")
    bench.files.write("/access", "# new\na 2\nbroken\n", age=5)
    assert "2" == bench.ask(SPEC, "a")


def test_a_refusal_of_the_whole_keeps_the_content_too() -> None:
    bench = TableBench(access="a 1\n")
    assert "1" == bench.ask("texthash:/access", "a")
    bench.files.write("/access", "a 2\na 3\n", age=5)
    assert "1" == bench.ask("texthash:/access", "a")
    assert bench.said[-1].endswith('previous content: /access, line 2: duplicate entry: "a"')


def test_a_file_that_vanished_fails_and_comes_back() -> None:
    bench = TableBench(access="a 1\n")
    bench.files.time += 10
    assert "1" == bench.ask(SPEC, "a")
    bench.files.remove("/access")
    assert "<open database /access: No such file or directory>" == bench.ask(SPEC, "a")
    assert ["warning: hash:/access is unavailable. open database /access: No such file or directory"] == bench.said
    bench.files.write("/access", "a 2\n")
    assert "1" == bench.ask(SPEC, "a")  # not yet still
    bench.files.time += 1
    assert "2" == bench.ask(SPEC, "a")


def test_a_file_that_appears_later_is_picked_up() -> None:
    bench = TableBench()
    assert "<open database /access: No such file or directory>" == bench.ask(SPEC, "a")
    bench.files.write("/access", "a 1\n")
    assert "<open database /access: waiting until the file holds still>" == bench.ask(SPEC, "a")
    bench.files.time += 1
    assert "1" == bench.ask(SPEC, "a")


def test_a_large_text_is_read_beside_the_loop() -> None:
    text = "".join(f"key{number} {number}\n" for number in range(SMALL // 8))
    bench = TableBench(access=text)

    async def scenario() -> None:
        first, second = await asyncio.gather(bench.answer(SPEC, "key7"), bench.answer(SPEC, "key8"))
        assert ("7", "8") == (first, second)
        assert 1 == bench.files.reads
        bench.files.write("/access", text.replace("key7 7\n", "key7 x\n"), age=5)
        assert "7" == await bench.answer(SPEC, "key7")  # the old content answers meanwhile
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        assert "x" == await bench.answer(SPEC, "key7")

    asyncio.run(scenario())


def test_a_large_file_that_vanishes_under_the_reading() -> None:
    bench = TableBench(access="k v\n" * SMALL)

    def vanish(path: str) -> None:
        raise FileNotFoundError(2, "No such file or directory", path)

    bench.files.read = vanish  # type: ignore[assignment, method-assign]  # it was there when it was looked at
    assert "<open database /access: No such file or directory>" == bench.ask(SPEC, "k")


def test_a_text_full_of_faults_does_not_fill_the_log() -> None:
    bench = TableBench(access="".join(f"broken{number}\n" for number in range(100)))
    assert bench.ask(SPEC, "a") is None
    assert len(bench.said) == FAULTS_SHOWN + 1
