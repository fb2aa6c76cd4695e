"""`gatepost tlsrpt`: what became of TLS sessions with other domains on a day, as reports of RFC 8460.

One JSON object a line, one for each domain; with `--domain` that one alone, for people to read or a command to send.
"""

from __future__ import annotations

import argparse
import json
import re
import time

from gatepost.cli.main import add_directory
from gatepost.config.load import load
from gatepost.delivery.tlsreports import day_report, read_day
from gatepost.server.instance import Instance

_DAY = 86_400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)
    parser.add_argument("--day", metavar="YYYY-MM-DD", default=_yesterday(), help="a day of UTC (default: yesterday)")
    parser.add_argument("--domain", help="the report for one domain only")


def run(arguments: argparse.Namespace) -> int:
    """Print the reports; exit status 1 where nothing was counted. Raises ValueError for what is no day."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", arguments.day):
        raise ValueError(f"{arguments.day}: a day is written as YYYY-MM-DD")
    settings = load(arguments.directory).settings
    counts = read_day(Instance.of(settings).tls_reports, arguments.day)
    domains = sorted({kind.domain for kind in counts})
    if arguments.domain is not None:
        domains = [domain for domain in domains if domain == arguments.domain.lower()]
    organization = settings.text("mydomain")
    for domain in domains:
        report = day_report(counts, domain, organization, f"postmaster@{organization}", arguments.day)
        print(json.dumps(report, indent=2 if arguments.domain is not None else None))
    return 0 if domains else 1


def _yesterday() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - _DAY))
