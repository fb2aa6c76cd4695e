"""Figures of the benchmark: ratios by round, verdicts, and the file that they are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.figures import Figure, Result, number, rows, spread, table

RATE = Figure("accept", "accept", "messages/s", (300.0, 500.0, 400.0), (100.0, 100.0, 200.0), bound=3, aim=4)


def test_ratios_are_of_the_same_round() -> None:
    assert (3.0, 5.0, 2.0) == RATE.ratios
    assert RATE.judged == 3.0


@pytest.mark.parametrize(
    ("verdict", "more", "ours", "bound", "aim"),
    [
        ("aim", True, 4.0, 3, 4),
        ("yes", True, 3.0, 3, 4),
        ("no", True, 2.9, 3, 4),
        ("aim", False, 0.1, 0.25, 0.17),
        ("yes", False, 0.25, 0.25, 0.17),
        ("no", False, 0.26, 0.25, 0.17),
        ("yes", False, 1.0, 1.2, None),
        ("", True, 1.0, None, None),
    ],
)
def test_verdict(verdict: str, more: bool, ours: float, bound: float | None, aim: float | None) -> None:
    figure = Figure("k", "t", "u", (ours,), (1.0,), more_is_better=more, bound=bound, aim=aim)
    assert verdict == figure.verdict


def test_a_figure_alone_is_judged_by_itself() -> None:
    assert Figure("k", "t", "MB", (390.0,), more_is_better=False, bound=400).verdict == "yes"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234", 1234.4), ("100", 100.0), ("99.9", 99.94), ("10.0", 10.0), ("9.99", 9.99), ("0.25", 0.25), ("0.00", 0.0)],
)
def test_number(text: str, value: float) -> None:
    assert text == number(value)


@pytest.mark.parametrize(("text", "values"), [("", ()), ("2.00", (2.0,)), ("2.00 (1.00 to 4.00)", (4.0, 1.0, 2.0))])
def test_spread(text: str, values: tuple[float, ...]) -> None:
    assert text == spread(values)


def test_rows_and_table() -> None:
    row = (
        "accept",
        "messages/s",
        "400 (300 to 500)",
        "Postfix 100 (100 to 200)",
        "3.00 (2.00 to 5.00)",
        "at least 3.00, aim 4.00",
        "yes",
    )
    assert [row] == rows([RATE])
    assert table([RATE]).splitlines()[1].split("  ")[0] == "accept"


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    result = Result({"kernel": "6.1"}, (RATE,))
    result.save(tmp_path / "new" / "result.json")
    assert result == Result.read(tmp_path / "new" / "result.json")
