"""Counts of TLS sessions, and the reports made of them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from gatepost.delivery import tlsreports
from gatepost.delivery.tlsreports import Counted, TlsReports, day_file, day_report, read_day, result_type
from gatepost.mail.events import Event
from gatepost.maillog import text
from gatepost.smtp.client_values import Server
from gatepost.tls.policy import Level, PolicySource, TlsPolicy
from gatepost.tls.verdict import ChainFault

SERVER = Server("mx.b.example", "192.0.2.1", "25")
MAY = TlsPolicy(Level.MAY)
LINES = ("version: STSv1", "mode: enforce", "mx: *.b.example", "max_age: 60")
STS = TlsPolicy(Level.SECURE, source=PolicySource("sts", "b.example", LINES))
TLSA = TlsPolicy(Level.DANE, source=PolicySource("tlsa", "b.example", ("3 1 1 AB",)))
NOON = 1_796_212_800.0
DAY = "2026-12-02"
PLAIN = Counted("no-policy-found", "b.example", (), "", "mx.b.example", "192.0.2.1")


async def count(folder: Path, *sessions: tuple[TlsPolicy, str], events: list[Event] | None = None) -> TlsReports:
    reports = TlsReports(folder, (events if events is not None else []).append, lambda: NOON)
    for policy, result in sessions:
        reports.session(policy, "b.example", SERVER, result)
    await reports.write()
    return reports


def test_sessions_are_counted_by_day_and_kind(tmp_path: Path) -> None:
    asyncio.run(count(tmp_path, (MAY, ""), (MAY, ""), (STS, "certificate-expired"), (TlsPolicy(), "")))
    asyncio.run(count(tmp_path, (MAY, "")))
    failed = Counted("sts", "b.example", LINES, "certificate-expired", "mx.b.example", "192.0.2.1")
    assert Counter({PLAIN: 3, failed: 1}) == read_day(tmp_path, DAY)
    assert Counter() == read_day(tmp_path, "2026-12-01")


def test_counts_are_written_after_a_while_or_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(pause: float) -> None:
        monkeypatch.setattr(tlsreports, "PAUSE", pause)
        reports = TlsReports(tmp_path, lambda _: None, lambda: NOON)
        reports.session(MAY, "b.example", SERVER, "")
        await asyncio.sleep(0)
        if not pause:
            assert reports._writing is not None
            await reports._writing
            assert 1 == read_day(tmp_path, DAY)[PLAIN]

    asyncio.run(main(0.0))
    asyncio.run(main(60.0))  # the loop ends first
    assert 2 == read_day(tmp_path, DAY)[PLAIN]


def test_lines_that_were_cut_are_passed_over(tmp_path: Path) -> None:
    asyncio.run(count(tmp_path, (MAY, "")))
    with day_file(tmp_path, DAY).open("a") as file:
        file.write('{"kind":"no-po\n[]\n{"count":1}\n{"count":"x","lines":[]}\n')
    assert Counter({PLAIN: 1}) == read_day(tmp_path, DAY)


def test_old_days_are_forgotten(tmp_path: Path) -> None:
    for day in ("2026-10-20", "2026-11-20"):
        day_file(tmp_path, day).write_text("", "utf-8")
    asyncio.run(count(tmp_path, (MAY, "")))
    assert ["2026-11-20.jsonl", f"{DAY}.jsonl"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_disk_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    events: list[Event] = []
    asyncio.run(count(tmp_path / "file", (MAY, ""), events=events))
    assert ["File exists"] == [text(event).rpartition(": ")[2] for event in events]


def test_there_is_a_limit_to_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tlsreports, "KINDS", 1)
    asyncio.run(count(tmp_path, (MAY, ""), (STS, ""), (MAY, "")))
    assert Counter({PLAIN: 2}) == read_day(tmp_path, DAY)


def test_a_policy_that_could_not_be_had_counts(tmp_path: Path) -> None:
    async def main() -> None:
        reports = await count(tmp_path)
        reports.fault(PolicySource("sts", "b.example"), "sts-webpki-invalid")
        await reports.write()

    asyncio.run(main())
    assert [Counted("sts", "b.example", (), "sts-webpki-invalid")] == list(read_day(tmp_path, DAY))


@pytest.mark.parametrize(
    ("fault", "policy", "result"),
    [
        (None, STS, ""),
        (ChainFault(62), STS, "certificate-host-mismatch"),
        (ChainFault(10), STS, "certificate-expired"),
        (ChainFault(18), STS, "certificate-not-trusted"),
        (ChainFault(65), TLSA, "validation-failure"),
        (ChainFault(62), TLSA, "certificate-host-mismatch"),
        (ChainFault(18), MAY, ""),
        (ChainFault(18), TlsPolicy(Level.MAY, on_trial=True), "certificate-not-trusted"),
    ],
)
def test_the_names_of_faults(fault: ChainFault | None, policy: TlsPolicy, result: str) -> None:
    assert result == result_type(fault, policy)


def test_the_report_of_a_day() -> None:
    """In the form of RFC 8460 section 4.4."""
    failed = Counted("sts", "b.example", LINES, "certificate-expired", "mx.b.example", "192.0.2.1")
    counts = Counter(
        {
            failed: 3,
            Counted("sts", "b.example", LINES, "", "mx.b.example", "192.0.2.1"): 5,
            Counted("tlsa", "b.example", ("3 1 1 AB",), "", "mx.b.example", "192.0.2.1"): 1,
            Counted("no-policy-found", "b.example", (), "starttls-not-supported", "mx.b.example", ""): 2,
            Counted("no-policy-found", "c.example"): 7,
        }
    )
    report = day_report(counts, "b.example", "a.example", "postmaster@a.example", DAY)
    assert json.loads(json.dumps(report)) == {
        "organization-name": "a.example",
        "date-range": {"start-datetime": "2026-12-02T00:00:00Z", "end-datetime": "2026-12-02T23:59:59Z"},
        "contact-info": "postmaster@a.example",
        "report-id": "2026-12-02_b.example@a.example",
        "policies": [
            {
                "policy": {
                    "policy-type": "sts",
                    "policy-domain": "b.example",
                    "policy-string": list(LINES),
                    "mx-host": ["*.b.example"],
                },
                "summary": {"total-successful-session-count": 5, "total-failure-session-count": 3},
                "failure-details": [
                    {
                        "result-type": "certificate-expired",
                        "receiving-mx-hostname": "mx.b.example",
                        "receiving-ip": "192.0.2.1",
                        "failed-session-count": 3,
                    }
                ],
            },
            {
                "policy": {
                    "policy-type": "tlsa",
                    "policy-domain": "b.example",
                    "policy-string": ["3 1 1 AB"],
                    "mx-host": ["mx.b.example"],
                },
                "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0},
                "failure-details": [],
            },
            {
                "policy": {"policy-type": "no-policy-found", "policy-domain": "b.example"},
                "summary": {"total-successful-session-count": 0, "total-failure-session-count": 2},
                "failure-details": [
                    {
                        "result-type": "starttls-not-supported",
                        "receiving-mx-hostname": "mx.b.example",
                        "failed-session-count": 2,
                    }
                ],
            },
        ],
    }
