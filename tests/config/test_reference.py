"""The reference of parameters."""

from __future__ import annotations

from pathlib import Path

from gatepost.config.reference import render_reference
from gatepost.config.settings import PARAMETERS

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "parameters.md"


def test_the_file_is_up_to_date() -> None:
    assert render_reference() + "\n" == FILE.read_text("utf-8"), (
        "run: gatepost conf --reference > docs/reference/parameters.md"
    )


def test_every_parameter_has_a_row() -> None:
    rows = [line for line in render_reference().splitlines() if line.startswith("| `")]
    assert len(rows) == len(PARAMETERS)
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
