"""The command for reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatepost.cli.main import main

DAY = "2025-03-04"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "gatepost" / "tls-reports"
    folder.mkdir(parents=True)
    empty: dict[str, object] = {"lines": [], "result": "", "host": "mx", "address": "", "count": 2}
    names = ("c.example", "b.example", "b.example")
    lines: list[dict[str, object]] = [{"kind": "no-policy-found", "domain": name, **empty} for name in names]
    (folder / f"{DAY}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    main_cf = f"compatibility_level = 3.6\nmydomain = a.example\ndata_directory = {tmp_path}/data\n"
    (tmp_path / "main.cf").write_text(main_cf, "utf-8")
    (tmp_path / "master.cf").write_text("", "utf-8")
    return tmp_path


def sessions(report: dict[str, list[dict[str, dict[str, int]]]]) -> int:
    return report["policies"][0]["summary"]["total-successful-session-count"]


def test_each_domain_has_a_line(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["tlsrpt", "-c", str(site), "--day", DAY])
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [4, 2] == [sessions(report) for report in reports]
    assert [f"{DAY}_{name}.example@a.example" for name in "bc"] == [report["report-id"] for report in reports]
    assert {"postmaster@a.example"} == {report["contact-info"] for report in reports}


def test_one_domain_alone(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["tlsrpt", "-c", str(site), "--day", DAY, "--domain", "C.Example"])
    out = capsys.readouterr().out
    assert 2 == sessions(json.loads(out))
    assert len(out.splitlines()) > 10


def test_nothing_counted_is_nothing_to_send(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["tlsrpt", "-c", str(site)])
    assert 1 == main(["tlsrpt", "-c", str(site), "--day", DAY, "--domain", "d.example"])
    assert "" == capsys.readouterr().out


def test_what_is_no_day(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["tlsrpt", "-c", str(site), "--day", "../../x"])
    assert "a day is written as YYYY-MM-DD" in capsys.readouterr().err
