"""Writes docs/performance.md and its pictures from a saved result.

    python -m bench.report [RESULT]

Without a result it writes them anew from the one that they were made of, which lies beside the pictures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.figures import HEADINGS, Figure, Result, rows, spread
from bench.plot import Bar, bars

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = "performance.md"
KEPT = "performance/result.json"

INTRODUCTION = """\
# Performance

Gatepost beside Postfix on the same machine, with the same main.cf, and with equal durability: both answer the end of a
message only when it is synced to disk. This page is generated: `make bench` measures and saves, `make performance`
writes the page from what was saved.

**Only ratios mean something.** The machine that sends, the smarthost and the name server share the processor cores with
the server that is measured, and a shared machine's speed drifts; so both servers are measured in turn, round by round,
and each round gives one ratio. Processor time is that of the server alone, all its processes together, those included
that lived for a moment only.
"""

CONDITIONS = """\
## Conditions

- Sender, server, smarthost (Postfix's `smtp-sink`) and name server (a zone of our own, in which all names exist) are on
  one machine, in a network of its own, so that the machine's resolver and its other programs play no part.
- Messages of 4 KiB from Postfix's `smtp-source`. The client is outside `mynetworks`, so that each of the three
  restriction lists is evaluated to its end; each has seven rules, block lists and tables among them.
- Delivery to the smarthost goes on all the time. *Accept* counts until the last message is answered with 250, *relay*
  until the smarthost has them all.
- TLS and login: a client of our own, TLS 1.3, one connection with STARTTLS, AUTH PLAIN and one message; both servers
  ask the same Dovecot.
- Memory is the proportional set size of all processes together, so that what they share counts once.
"""

METHOD = """\
## Measure it yourself

```console
# make bench
# make bench ARGS='--only accept --only submission --rounds 5'
# make performance
```

It needs root and a Debian machine; Postfix and Dovecot are installed if they are missing, and the instances that it
starts have folders, ports and a network of their own. The whole takes about ten minutes; `ARGS=--help` shows what can
be varied.
"""


def pages(result: Result) -> Mapping[str, str]:
    """Every file of the report by its path below docs."""
    named = {figure.key: figure for figure in result.figures}
    rates = [figure for key, figure in named.items() if key.startswith(("accept-", "relay-"))]
    costs = [figure for key, figure in named.items() if key.startswith("cost-") and figure.beside == "Postfix"]
    pictures: dict[str, str] = {}
    if rates:
        pictures["performance/rates.svg"] = bars(
            "Messages a second, as multiples of Postfix's (line: what is wanted)",
            [Bar(figure.title, figure.judged, figure.bound) for figure in rates],
        )
    if costs:
        pictures["performance/costs.svg"] = bars("Processor time a message, microseconds", list(_costs(costs)))
    shown = "\n".join(f"![{Path(name).stem}]({name})\n" for name in pictures)
    parts = [INTRODUCTION, shown, _table(result.figures), CONDITIONS, _stated(result.conditions), METHOD]
    return {PAGE: "\n".join(parts), **pictures}


def _costs(figures: Iterable[Figure]) -> Iterable[Bar]:
    for figure in figures:
        for ours, values in ((True, figure.ours), (False, figure.base)):
            name = "Gatepost" if ours else figure.beside
            middle = sorted(values)[len(values) // 2]
            yield Bar(f"{figure.title.partition(': ')[2]}: {name}", middle, ours=ours)


def _table(figures: Iterable[Figure]) -> str:
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *rows(figures)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## Figures\n\nThe median of the rounds, with the smallest and the largest in brackets.\n\n{text}\n"


def _stated(conditions: Mapping[str, str]) -> str:
    lines: list[str] = []
    for name, value in conditions.items():
        lines.append(f"\n{name}:\n\n```text\n{value}\n```" if "\n" in value else f"- {name}: {value}")
    return "As it was in the run that this page shows:\n\n" + "\n".join(lines) + "\n"


def main(words: list[str]) -> None:
    """Write it all."""
    kept = DOCS / KEPT
    result = Result.read(Path(words[0]) if words else kept)
    result.save(kept)
    for name, text in pages(result).items():
        (DOCS / name).write_text(text, "utf-8")
    print(f"docs/{PAGE}: {len(result.figures)} figures, the first: {spread(result.figures[0].ratios)}")


if __name__ == "__main__":
    main(sys.argv[1:])
