"""Gatepost beside Postfix on this machine: messages accepted and delivered a second, as ratios.

Both servers take the same messages from Postfix's own `smtp-source` and relay them to its `smtp-sink`, in turn and
several times, because a shared machine's speed drifts. Only the ratio of one round's pair means anything.
Needs root, and the packages postfix and (for Gatepost) this checkout's virtual environment.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.peers.machines import Gatepost, Postfix, Program, free_port, listening, wait_for

RELAY = {"smtpd_client_connection_count_limit": "0", "in_flow_delay": "0"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000, help="messages a round (default %(default)s)")
    parser.add_argument("--sessions", type=int, default=20, help="sessions side by side (default %(default)s)")
    parser.add_argument("--length", type=int, default=4096, help="bytes a message (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="pairs to measure (default %(default)s)")
    return parser.parse_args()


def _round(server: Program, port: int, args: argparse.Namespace, counter: Path) -> tuple[float, float]:
    """One round: messages a second until the last 250, and until the last one has reached the sink."""
    before = _sunk(counter)
    begin = time.monotonic()
    subprocess.run(
        [
            *("smtp-source", "-s", str(args.sessions), "-m", str(args.messages), "-l", str(args.length)),
            *("-f", "a@client.example", "-t", "b@sink.example", f"127.0.0.1:{port}"),
        ],
        check=True,
    )
    accepted = time.monotonic() - begin
    wait_for(f"delivery by {type(server).__name__}", lambda: _sunk(counter) - before >= args.messages)
    return args.messages / accepted, args.messages / (time.monotonic() - begin)


def _sunk(counter: Path) -> int:
    """Messages that the sink has written so far, one file each."""
    return sum(1 for _ in counter.iterdir())


def _sink(folder: Path) -> tuple[subprocess.Popen[bytes], int, Path]:
    port = free_port()
    counter = folder / "sunk"
    counter.mkdir(mode=0o777)
    counter.chmod(0o777)
    process = subprocess.Popen(
        ["smtp-sink", "-u", "postfix", "-d", f"{counter}/%M.", f"127.0.0.1:{port}", "256"], stdin=subprocess.DEVNULL
    )
    wait_for("smtp-sink", lambda: listening(port))
    return process, port, counter


def main() -> int:
    """Measure the pairs and print them."""
    args = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="gatepost-bench-"))
    folder.chmod(0o755)
    sink, sink_port, counter = _sink(folder)
    servers: list[tuple[Program, int]] = []
    try:
        for kind in (Gatepost, Postfix):
            place, port = folder / kind.__name__, free_port()
            place.mkdir()
            relay = {**RELAY, "relayhost": f"[127.0.0.1]:{sink_port}"}
            servers.append((kind(place, parameters=relay, services={f"127.0.0.1:{port}": {}}).start(), port))
        ratios: list[tuple[float, float]] = []
        for number in range(args.rounds):
            (ours, ours_all), (theirs, theirs_all) = (_round(*server, args, counter) for server in servers)
            ratios.append((ours / theirs, ours_all / theirs_all))
            print(
                f"round {number + 1}: accepted {ours:.0f} : {theirs:.0f} a second = {ours / theirs:.2f}; "
                f"end to end {ours_all:.0f} : {theirs_all:.0f} = {ours_all / theirs_all:.2f}"
            )
        print(
            f"Gatepost / Postfix, median of {args.rounds}: accepted {statistics.median(r[0] for r in ratios):.2f}, "
            f"end to end {statistics.median(r[1] for r in ratios):.2f}"
        )
    finally:
        for server, _ in servers:
            server.stop()
        sink.terminate()
        sink.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
