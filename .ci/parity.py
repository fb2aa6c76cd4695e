"""Run the parity suite: groups that must pass whole, and single cases of the others; exits 1 where one fails.

Run from the suite's folder with the server's command line as the only argument.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

WHOLE = ("seed", "dialogue", "sasl", "tls")
"""Groups of which every case must pass."""

WITH_LOGS = "seed"
"""The group whose log lines are compared too."""

UNLIKE_IN_LOGS = {"seed/tls-loglevel-2", "seed/tls-loglevel-3"}
"""OpenSSL names its own states there, which differ from release to release; the lines' kinds are tested elsewhere."""

KNOWN = Path(__file__).with_name("parity-passing.txt")
"""Cases of the other groups that pass and must go on passing, one a line; `#` starts a comment."""


def check(server: str, *options: str) -> dict[str, bool]:
    """Run the suite once; each case's title, and whether it passed. Failures are printed as they are."""
    command = [sys.executable, "-B", "-m", "parity", "check", "--server-cmd", server, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    results: dict[str, bool] = {}
    for line in done.stdout.splitlines():
        found = re.match(r"(pass|FAIL) (\S+/\S+)$", line)
        if found:
            results[found[2]] = found[1] == "pass"
        last = line
    print(last)
    return results


def main() -> int:
    """Compare what passes with what must."""
    server = sys.argv[1]
    wanted = {line.split("#")[0].strip() for line in KNOWN.read_text("utf-8").splitlines()} - {""}
    results = check(server)
    failed = sorted(title for title, passed in results.items() if not passed and _must_pass(title, wanted))
    missing = sorted(wanted - results.keys())
    logs = check(server, "--only", f"{WITH_LOGS}/*", "--logs")
    failed += [f"{title} (log)" for title, passed in sorted(logs.items()) if not passed and title not in UNLIKE_IN_LOGS]
    gained = sorted(title for title, passed in results.items() if passed and not _must_pass(title, wanted))
    for word, titles in (("failed", failed), ("missing", missing), ("passes now: add it to the list", gained)):
        for title in titles:
            print(f"{word}: {title}")
    return 1 if failed or missing or not results else 0


def _must_pass(title: str, wanted: set[str]) -> bool:
    return title.split("/", maxsplit=1)[0] in WHOLE or title in wanted


if __name__ == "__main__":
    sys.exit(main())
