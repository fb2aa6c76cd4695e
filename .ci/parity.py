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

KNOWN = Path(__file__).with_name("parity-passing.txt")
"""Cases of the other groups that pass and must go on passing, one a line; `#` starts a comment."""


def check(server: str, *options: str) -> dict[str, str]:
    """Run the suite once; each case's title, and the difference it shows, empty where there is none."""
    command = [sys.executable, "-B", "-m", "parity", "check", "--server-cmd", server, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    results: dict[str, str] = {}
    title = ""
    for line in done.stdout.splitlines():
        found = re.match(r"(?:pass|FAIL) (\S+/\S+)$", line)
        if found:
            title = found[1]
            results[title] = ""
        elif title and line.startswith("    "):
            results[title] += f"{line}\n"
    print(done.stdout.rstrip().rpartition("\n")[2])
    return results


def main() -> int:
    """Compare what passes with what must."""
    server = sys.argv[1]
    wanted = {line.split("#")[0].strip() for line in KNOWN.read_text("utf-8").splitlines()} - {""}
    results = check(server)
    results |= _again(server, {title for title, text in results.items() if text and _must_pass(title, wanted)})
    failed = {title: text for title, text in results.items() if text and _must_pass(title, wanted)}
    missing = sorted(wanted - results.keys())
    logs = check(server, "--only", f"{WITH_LOGS}/*", "--logs")
    logs |= _again(server, {title for title, text in logs.items() if text}, "--logs")
    failed |= {f"{title} (log)": text for title, text in logs.items() if text}
    for title, text in failed.items():
        print(f"failed: {title}\n{text}")
    for title in missing:
        print(f"missing: {title}")
    for title in sorted(results.keys() - wanted - failed.keys()):
        if not results[title] and not _must_pass(title, wanted):
            print(f"passes now, add it to the list: {title}")
    return 1 if failed or missing or not results else 0


def _again(server: str, titles: set[str], *options: str) -> dict[str, str]:
    """Cases that failed, once more: some measure time, and the machine may have been busy."""
    results: dict[str, str] = {}
    for title in sorted(titles):
        print(f"once more: {title}")
        results |= check(server, "--only", title, *options)
    return results


def _must_pass(title: str, wanted: set[str]) -> bool:
    return title.split("/", maxsplit=1)[0] in WHOLE or title in wanted


if __name__ == "__main__":
    sys.exit(main())
