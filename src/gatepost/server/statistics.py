"""How often a client gave which command, and with what success: the end of the line that closes a session."""

from __future__ import annotations

from functools import lru_cache

from gatepost.smtp.commands import Verb

_Counts = tuple[tuple[Verb, int], ...]
_WORDS = tuple((verb, verb.value) for verb in Verb)


class Statistics:
    """Counts of one session, XCLIENT included."""

    __slots__ = ("_done", "_tried")

    def __init__(self) -> None:
        self._tried: dict[Verb, int] = {}
        self._done: dict[Verb, int] = {}

    def tried(self, verb: Verb) -> None:
        """A command was given."""
        self._tried[verb] = self._tried.get(verb, 0) + 1

    def done(self, verb: Verb) -> None:
        """It was carried out."""
        self._done[verb] = self._done.get(verb, 0) + 1

    def text(self, *, bare_newline: bool = False) -> str:
        """`ehlo=1 mail=0/1 commands=1/2`: carried out, and given where that differs."""
        return _text(tuple(self._tried.items()), tuple(self._done.items()), bare_newline)


@lru_cache(maxsize=256)
def _text(tried_items: _Counts, done_items: _Counts, bare_newline: bool) -> str:  # noqa: FBT001 - only `text` calls it
    """The text, kept for the few dialogues that nearly all clients have."""
    tried, done = dict(tried_items), dict(done_items)
    parts = [f"{word}={_shown(done.get(verb, 0), tried[verb])}" for verb, word in _WORDS if verb in tried]
    parts.append(f"commands={_shown(sum(done.values()), sum(tried.values()))}")
    if bare_newline:
        parts.append("notes=bare_lf")
    return " ".join(parts)


def _shown(done: int, tried: int) -> str:
    return f"{done}/{tried}" if done != tried or not tried else str(done)
