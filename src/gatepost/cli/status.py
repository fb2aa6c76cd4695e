"""`gatepost status`: is it running, since when, where it listens, what waits, how long its certificates are good."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from gatepost.cli.main import add_directory
from gatepost.config.load import Configuration, load
from gatepost.queue.administration import Request, Verb
from gatepost.queue.control import ask
from gatepost.queue.spool import Spool
from gatepost.queue.store import StoreError
from gatepost.server.instance import Instance, running_pid
from gatepost.tls.context import certificate_files

EXPIRY_NOTICE = 21
"""Days before its end from which a certificate is marked."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show it; exit status 0 where the server runs, 3 where it does not (as LSB has it for `status`)."""
    configuration = load(arguments.directory)
    state = collect(configuration)
    print(json.dumps(state) if arguments.json else render(state))
    return 0 if state["running"] else 3


def collect(configuration: Configuration) -> dict[str, object]:
    """Everything that is known, as values that JSON has."""
    instance = Instance.of(configuration.settings)
    pid = running_pid(instance)
    state: dict[str, object] = {
        "running": pid is not None,
        "configuration": str(configuration.directory),
        "certificates": list(_certificates(configuration)),
        "findings": [finding.render() for finding in configuration.findings],
    }
    if pid is not None:
        try:
            state |= json.loads(instance.status_file.read_text("ascii"))
        except (OSError, ValueError):
            state["pid"] = pid
        state["queue"] = _queue(configuration)
    return state


def _queue(configuration: Configuration) -> dict[str, int] | None:
    """Messages by state; None where we may not ask (only root and the mail owner may)."""
    spool = Spool(Path(configuration.settings.queue_directory))
    counts: Counter[str] = Counter()
    try:
        for number in spool.slots():
            counts.update(str(answer["queue_name"]) for answer in ask(spool.slot(number).control, Request(Verb.LIST)))
    except (OSError, StoreError):
        return None
    return dict(counts)


def render(state: dict[str, object]) -> str:
    """The state for people."""
    return "\n".join(_lines(state))


def _lines(state: dict[str, object]) -> Iterator[str]:
    if not state["running"]:
        yield f"not running ({state['configuration']})"
    else:
        since = state.get("since")
        when = f" since {_time(since)}" if isinstance(since, float) else ""
        yield f"running: process {state.get('pid')}{when}, configuration {state['configuration']}"
    for label, key in (("workers", "workers"), ("listens", "services")):
        entries = state.get(key)
        if isinstance(entries, list) and entries:
            yield f"{label}: {', '.join(_entry(entry) for entry in entries)}"
    queue = state.get("queue")
    if isinstance(queue, dict):
        shown = ", ".join(f"{count} {name}" for name, count in sorted(queue.items())) or "empty"
        yield f"queue: {shown}"
    for certificate in _list(state, "certificates"):
        if isinstance(certificate, dict):
            yield f"certificate: {certificate['file']}: {certificate['subject']}, {certificate['state']}"
    for finding in _list(state, "findings"):
        yield str(finding)


def _list(state: dict[str, object], key: str) -> list[object]:
    found = state.get(key)
    return found if isinstance(found, list) else []


def _entry(entry: object) -> str:
    if isinstance(entry, dict):
        address = f"[{entry['address']}]" if ":" in str(entry["address"]) else entry["address"]
        return f"{entry['service']} on {address}:{entry['port']}"
    return str(entry)


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _certificates(configuration: Configuration) -> Iterator[dict[str, object]]:
    services = [service for service in configuration.services if service.command == "smtpd"]
    names = dict.fromkeys(name for service in services for name in certificate_files(service.settings, "smtpd"))
    for name in names:
        try:
            found = x509.load_pem_x509_certificates(Path(name).read_bytes())[0]
        except (OSError, ValueError):
            continue  # a key, or a file that only root reads
        left = (found.not_valid_after_utc - datetime.now(UTC)).days
        state = "expired" if left < 0 else f"good for {left} days"
        if 0 <= left < EXPIRY_NOTICE:
            state = f"expires in {left} days"
        yield {"file": name, "subject": found.subject.rfc4514_string(), "days": left, "state": state}
