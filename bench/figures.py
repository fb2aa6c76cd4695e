"""What was measured: figures with their rounds, the ratio of each pair of rounds, what is wanted of them."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, round by round.

    `base` has the same rounds of what it is compared with, named by `beside`; empty where the figure stands alone.
    `bound` is what the ratio (or the figure alone) is to reach, `aim` what it should; more is better, or less.
    """

    key: str
    title: str
    unit: str
    ours: tuple[float, ...]
    base: tuple[float, ...] = ()
    beside: str = "Postfix"
    more_is_better: bool = True
    bound: float | None = None
    aim: float | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to theirs, round by round: neighbours in time, so that the machine's drift matters least."""
        return tuple(ours / base for ours, base in zip(self.ours, self.base, strict=True)) if self.base else ()

    @property
    def judged(self) -> float:
        """What is held against the bound: the median ratio, or the median figure where it stands alone."""
        return statistics.median(self.ratios or self.ours)

    @property
    def verdict(self) -> str:
        """`aim`, `yes` or `no`; empty where nothing is asked of the figure."""
        if self.bound is None:
            return ""
        sign = 1 if self.more_is_better else -1
        if self.aim is not None and sign * self.judged >= sign * self.aim:
            return "aim"
        return "yes" if sign * self.judged >= sign * self.bound else "no"


@dataclass(frozen=True, slots=True)
class Result:
    """A run: its conditions in words, and its figures."""

    conditions: Mapping[str, str]
    figures: tuple[Figure, ...] = field(default=())

    def save(self, path: Path) -> None:
        """Keep it. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Result:
        """What `save` wrote. Raises OSError, ValueError, TypeError."""
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        figures = ({**each, "ours": tuple(each["ours"]), "base": tuple(each["base"])} for each in kept["figures"])
        return cls(kept["conditions"], tuple(Figure(**each) for each in figures))


HEADINGS = ("what", "unit", "Gatepost", "beside it", "ratio", "wanted", "reached")


def rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """The table, with `HEADINGS`: medians, and the spread of the rounds in brackets."""
    return [
        (
            figure.title,
            figure.unit,
            spread(figure.ours),
            f"{figure.beside} {spread(figure.base)}" if figure.base else "",
            spread(figure.ratios),
            _wanted(figure),
            figure.verdict,
        )
        for figure in figures
    ]


def table(figures: Iterable[Figure]) -> str:
    """The table for a terminal."""
    lines = [HEADINGS, *rows(figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def spread(values: tuple[float, ...]) -> str:
    """The median, with the smallest and the largest where there are several."""
    if not values:
        return ""
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """A value with as many digits as mean something."""
    decimals = 2 - int(math.log10(min(100, max(1, abs(value)))))
    return f"{value:,.{decimals}f}"


def _wanted(figure: Figure) -> str:
    if figure.bound is None:
        return ""
    word = "at least" if figure.more_is_better else "at most"
    return f"{word} {number(figure.bound)}" + (f", aim {number(figure.aim)}" if figure.aim is not None else "")
