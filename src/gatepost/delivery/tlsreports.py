"""What became of TLS sessions, counted for reports by day (TLSRPT, RFC 8460).

The rules:

1. A session counts once, when its mail could go or its TLS failed; sessions that never got so far, or to which no TLS
   was wanted, do not count.
2. Counts are kept in memory for a short time, then added to the file of the day, one JSON object a line. Lines are
   written whole, so that all workers share the file; it is synced, so that a crash costs no more than that short time.
3. A day is one of UTC. Files are kept for `DAYS` days.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gatepost.mail.events import Emit, Warned
from gatepost.smtp.client_values import Server
from gatepost.tls.policy import Level, PolicySource, TlsPolicy
from gatepost.tls.verdict import ChainFault
from gatepost.tls.verify import EXPIRED, WRONG_NAME

DAYS = 35
"""Days for which counts are kept."""

PAUSE = 10.0
"""Seconds that counts wait in memory."""

KINDS = 10_000
"""Different counts that may wait; what comes beyond is dropped until they are written."""

NO_STARTTLS, BAD_NAME, EXPIRED_CERTIFICATE = (
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-expired",
)
NOT_TRUSTED, GENERAL = "certificate-not-trusted", "validation-failure"
"""Result types (RFC 8460 section 4.3)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One kind of session; `result` is empty for success. The names are those of RFC 8460 section 4.4."""

    kind: str
    domain: str
    lines: tuple[str, ...] = ()
    result: str = ""
    host: str = ""
    address: str = ""


class TlsReports:
    """The counts of one worker. `emit` is told where they cannot be written."""

    def __init__(self, folder: Path, emit: Emit, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._emit = emit
        self._clock = clock
        self._counts: Counter[Counted] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def session(self, policy: TlsPolicy, domain: str, server: Server, result: str) -> None:
        """Count a session with a server of a domain; `result` is its result type, empty for success."""
        if policy.level is Level.NONE:
            return
        source = policy.source or PolicySource("no-policy-found", domain)
        self._count(Counted(source.kind, source.domain, source.lines, result, server.host, server.address))

    def fault(self, source: PolicySource, result: str, host: str = "") -> None:
        """Count a policy that could not be had or be used."""
        self._count(Counted(source.kind, source.domain, source.lines, result, host))

    async def write(self) -> None:
        """Write what has been counted."""
        counts, self._counts = self._counts, Counter()
        if counts:
            await asyncio.get_running_loop().run_in_executor(None, self._append, counts)

    def _count(self, kind: Counted) -> None:
        if kind in self._counts or len(self._counts) < KINDS:
            self._counts[kind] += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_later())

    async def _write_later(self) -> None:
        try:
            await asyncio.sleep(PAUSE)
        finally:  # also where the worker ends meanwhile
            await self.write()

    def _append(self, counts: Counter[Counted]) -> None:
        name = day_file(self._folder, _day(self._clock()))
        text = "".join(
            json.dumps({**asdict(kind), "count": count}, separators=(",", ":")) + "\n" for kind, count in counts.items()
        )
        try:
            is_new = not name.exists()
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.write(descriptor, text.encode("utf-8", "surrogateescape"))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                self._forget_old_days()
        except OSError as error:
            self._emit(Warned(f"TLS reports: cannot write {name}: {error.strerror}"))

    def _forget_old_days(self) -> None:
        oldest = day_file(self._folder, _day(self._clock() - DAYS * 86_400)).name
        for old in self._folder.glob("????-??-??.jsonl"):
            if old.name < oldest:
                with suppress(OSError):
                    old.unlink()


def result_type(fault: ChainFault | None, policy: TlsPolicy) -> str:
    """What a fault of a certificate is called; empty for none, or one that did not matter."""
    if fault is None or not (policy.level.matches or policy.on_trial):
        return ""
    if policy.level.by_dane:
        return BAD_NAME if fault.number == WRONG_NAME else GENERAL
    return {WRONG_NAME: BAD_NAME, EXPIRED: EXPIRED_CERTIFICATE}.get(fault.number, NOT_TRUSTED)


def day_file(folder: Path, day: str) -> Path:
    """The file of a day, `2026-11-28`."""
    return folder / f"{day}.jsonl"


def read_day(folder: Path, day: str) -> Counter[Counted]:
    """What was counted on a day, by all workers. A line that was cut is passed over. Raises OSError."""
    counts: Counter[Counted] = Counter()
    try:
        text = day_file(folder, day).read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return counts
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            fields = json.loads(line)
            count = int(fields.pop("count"))
            counts[Counted(**{**fields, "lines": tuple(fields["lines"])})] += count
    return counts


def day_report(counts: Counter[Counted], domain: str, organization: str, contact: str, day: str) -> dict[str, object]:
    """The report of a day to a domain (RFC 8460 section 4.4)."""
    ours = Counter({kind: count for kind, count in counts.items() if kind.domain == domain})
    return {
        "organization-name": organization,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "contact-info": contact,
        "report-id": f"{day}_{domain}@{organization}",
        "policies": list(_policies(ours)),
    }


def _policies(counts: Counter[Counted]) -> Iterator[dict[str, object]]:
    for kind, domain, lines in dict.fromkeys((one.kind, one.domain, one.lines) for one in counts):
        same = [one for one in counts if (one.kind, one.domain, one.lines) == (kind, domain, lines)]
        policy: dict[str, object] = {"policy-type": kind, "policy-domain": domain}
        policy |= {"policy-string": list(lines)} if lines else {}
        policy |= _mx_hosts(kind, lines, same)
        good = sum(counts[one] for one in same if not one.result)
        bad = sum(counts[one] for one in same if one.result)
        yield {
            "policy": policy,
            "summary": {"total-successful-session-count": good, "total-failure-session-count": bad},
            "failure-details": [
                {
                    "result-type": one.result,
                    **({"receiving-mx-hostname": one.host} if one.host else {}),
                    **({"receiving-ip": one.address} if one.address else {}),
                    "failed-session-count": counts[one],
                }
                for one in same
                if one.result
            ],
        }


def _mx_hosts(kind: str, lines: tuple[str, ...], counted: Iterable[Counted]) -> dict[str, object]:
    """The patterns of an MTA-STS policy; the hosts whose records counted."""
    hosts: list[str] = []
    if kind == "sts":
        hosts = [line.removeprefix("mx: ") for line in lines if line.startswith("mx: ")]
    elif kind == "tlsa":
        hosts = sorted({one.host for one in counted if one.host})
    return {"mx-host": hosts} if hosts else {}


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
