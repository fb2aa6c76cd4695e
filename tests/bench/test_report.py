"""The page about performance is what the saved result says."""

from __future__ import annotations

import pytest

from bench.figures import Result
from bench.report import DOCS, KEPT, pages

PUBLISHED = pages(Result.read(DOCS / KEPT))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_pages_are_made_of_the_published_result(name: str) -> None:
    assert PUBLISHED[name] == (DOCS / name).read_text("utf-8")


def test_every_figure_has_its_row() -> None:
    for figure in Result.read(DOCS / KEPT).figures:
        assert f"| {figure.title} |" in PUBLISHED["performance.md"]
