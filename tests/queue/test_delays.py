"""The log's notation for time spans."""

from __future__ import annotations

import math

import pytest

from gatepost.queue.delays import Delays, shown


@pytest.mark.parametrize(
    ("seconds", "resolution", "expected"),
    [
        (0.0, 2, "0"),
        (-3.0, 2, "0"),
        (0.004, 2, "0"),
        (0.005001, 2, "0.01"),
        (0.05, 2, "0.05"),
        (0.123, 2, "0.12"),
        (0.1, 2, "0.1"),
        (0.999, 2, "1"),
        (1.0, 2, "1"),
        (1.26, 2, "1.3"),
        (9.97, 2, "10"),
        (12.4, 2, "12"),
        (3600.4, 2, "3600"),
        (0.01234, 6, "0.012"),
        (0.123, 0, "0"),
        (1.6, 0, "2"),
        (1.66, 1, "1.7"),
        (0.66, 1, "0.7"),
    ],
)
def test_two_significant_digits(seconds: float, resolution: int, expected: str) -> None:
    assert shown(seconds, resolution) == expected


def test_four_parts_and_their_sum() -> None:
    delays = Delays(1.23, 0.004, 0.5, 12.0)
    assert delays.shown(2) == "1.2/0/0.5/12"
    assert delays.total(2) == "14"


@pytest.mark.parametrize("resolution", [0, 1, 2])
@pytest.mark.parametrize(
    "seconds", [1e-9, 0.000999, 0.0049999999, 0.005, 0.0050001, 0.00999, 0.0149, 0.0999, 0.3141, 0.9949, 0.9951]
)
def test_a_short_span_has_the_digits_that_a_finer_resolution_rounds_to(seconds: float, resolution: int) -> None:
    digits = 1 - math.floor(math.log10(seconds))
    rounded = f"{seconds:.{min(digits, resolution)}f}"
    assert shown(seconds, resolution) == (rounded.rstrip("0").rstrip(".") if resolution else rounded)
