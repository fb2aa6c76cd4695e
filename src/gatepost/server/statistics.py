"""How often a client gave which command, and with what success: the end of the line that closes a session."""

from __future__ import annotations

from gatepost.smtp.commands import Verb


class Statistics:
    """Counts of one session, XCLIENT included."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[Verb, list[int]] = {}

    def tried(self, verb: Verb) -> None:
        """A command was given."""
        self._counts.setdefault(verb, [0, 0])[1] += 1

    def done(self, verb: Verb) -> None:
        """It was carried out."""
        self._counts[verb][0] += 1

    def text(self, *, bare_newline: bool = False) -> str:
        """`ehlo=1 mail=0/1 commands=1/2`: carried out, and given where that differs."""
        parts = [f"{verb.value}={_shown(*self._counts[verb])}" for verb in Verb if verb in self._counts]
        done = sum(count[0] for count in self._counts.values())
        tried = sum(count[1] for count in self._counts.values())
        parts.append(f"commands={_shown(done, tried)}")
        if bare_newline:
            parts.append("notes=bare_lf")
        return " ".join(parts)


def _shown(done: int, tried: int) -> str:
    return f"{done}/{tried}" if done != tried or not tried else str(done)
