"""Gatepost beside Postfix on this machine, under the same configuration; docs/performance.md explains it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path

from bench import memory, rates
from bench.figures import Figure, Result, table
from bench.lab import Lab, conditions, in_own_network, install
from bench.rates import Options, Say

Part = Callable[[Lab, Options, Say], Iterator[Figure]]

PARTS: dict[str, Part] = {
    "accept": rates.accept,
    "submission": rates.submit,
    "workers": rates.workers,
    "idle": memory.idle,
    "large": memory.large,
    "queue": memory.queue,
}

SMOKE = Options(rounds=1, messages=40, logins=20, idle=40, large=2_000_000, deferred=200)
"""Enough to see that every part works, and nothing else."""

SAVED = Path("bench/results/latest.json")


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part (may be repeated)")
    parser.add_argument("--smoke", action="store_true", help="a few messages for each part, to see that it works")
    for option in fields(Options):
        parser.add_argument(f"--{option.name}", type=int, help=f"(default {option.default})")
    parser.add_argument("--place", type=Path, help="folder for the queues (default: that of temporary files)")
    parser.add_argument("--save", type=Path, default=SAVED, help="where the result goes (default %(default)s)")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Install, measure, print, save."""
    given = _arguments(words)
    install()
    ended = in_own_network(words)
    if ended is not None:
        return ended
    changed = {name: value for name in asdict(SMOKE) if (value := getattr(given, name)) is not None}
    options = replace(SMOKE if given.smoke else Options(), **changed)
    figures: list[Figure] = []
    with Lab(given.place) as lab:
        stated = conditions(lab, asdict(options))
        for name, value in stated.items():
            print(f"{name}: {value}", flush=True)
        for name in given.only or PARTS:
            for figure in PARTS[name](lab, options, _say):
                figures.append(figure)
                Result(stated, tuple(figures)).save(given.save)
    print(table(figures))
    print(f"saved in {given.save}")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
