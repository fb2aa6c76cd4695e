"""Bars in SVG: how many times the other server's speed, or its cost. The same figures give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.figures import number

WIDTH, LABELS, NUMBERS = 860, 380, 70
"""Of the picture, of the column of names, and of that of figures, in pixels."""

BAR, GAP, MARGIN = 18, 12, 34

STYLE = (
    "text{font:13px sans-serif;fill:#333}.title{font-weight:bold}.bar{fill:#3b7dd8}.other{fill:#b8b8b8}"
    ".wanted{stroke:#c0392b;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.other{fill:#777}}"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name; `wanted` is marked with a line, where there is one."""

    name: str
    value: float
    wanted: float | None = None
    ours: bool = True


def bars(title: str, drawn: Sequence[Bar]) -> str:
    """The picture."""
    longest = max(max(bar.value, bar.wanted or 0) for bar in drawn) or 1
    scale = (WIDTH - LABELS - NUMBERS) / longest
    height = MARGIN + len(drawn) * (BAR + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="16">{escape(title)}</text>',
    ]
    for index, bar in enumerate(drawn):
        top = MARGIN + index * (BAR + GAP)
        text = top + BAR - 4
        end = LABELS + bar.value * scale
        look, length = "bar" if bar.ours else "other", f"{end - LABELS:.1f}"
        parts += [
            f'<text x="0" y="{text}">{escape(bar.name)}</text>',
            f'<rect class="{look}" x="{LABELS}" y="{top}" width="{length}" height="{BAR}"/>',
        ]
        if bar.wanted is not None:
            mark = LABELS + bar.wanted * scale
            parts.append(f'<line class="wanted" x1="{mark:.1f}" x2="{mark:.1f}" y1="{top - 3}" y2="{top + BAR + 3}"/>')
            end = max(end, mark)
        parts.append(f'<text x="{end + 6:.1f}" y="{text}">{number(bar.value)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
