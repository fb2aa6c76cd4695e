"""The benchmark itself works: every part, with a few messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.__main__ import PARTS
from bench.figures import Result

ROOT = Path(__file__).resolve().parents[2]


def test_every_part_gives_figures(folder: Path) -> None:
    saved = folder / "result.json"
    command = [sys.executable, "-m", "bench", "--smoke", "--place", str(folder), "--save", str(saved)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    result = Result.read(saved)
    keys = {figure.key.partition("-")[0] for figure in result.figures}
    assert {"accept", "relay", "cost", "idle", "visit", "large", "queue"} == keys
    assert any(figure.key == "cost-submission" for figure in result.figures)
    assert all(
        value > 0 for figure in result.figures for value in (*figure.ours, *figure.base) if figure.key != "large"
    )
    assert len(PARTS) == 6
    assert [folder / "result.json"] == list(folder.iterdir()), "it cleans up behind itself"
