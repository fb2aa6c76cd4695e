"""What was said in a session, for the notice that the postmaster gets where the fault was ours (`notify_classes`)."""

from __future__ import annotations

import textwrap

from gatepost.mail.reply import Reply
from gatepost.policy.outcome import Fault

LINES = 200
"""Lines that are kept; of a longer session the last ones."""

WIDTH = 79
"""Columns of the notice."""

CLASSES = {
    "policy": Fault.POLICY,
    "protocol": Fault.PROTOCOL,
    "software": Fault.SOFTWARE,
    "resource": Fault.RESOURCE,
    "data": Fault.DATA,
}
"""The words of `notify_classes` that sessions can cause."""


class Transcript:
    """The lines of a dialogue, whose fault went wrong in it, and the reason why it ended early, if it did (`end`)."""

    __slots__ = ("_lines", "end", "fault")

    def __init__(self) -> None:
        self._lines: list[str | bytes] = []  # heard, or said
        self.fault = Fault.NONE
        self.end = ""

    def heard(self, line: str) -> None:
        """The client said this."""
        self._lines.append(line)
        if len(self._lines) > 2 * LINES:
            del self._lines[:-LINES]

    def said(self, reply: Reply) -> None:
        """We said this."""
        if len(reply.lines) == 1:
            self._lines.append(reply.render())
        else:
            self._lines += reply.render().splitlines(keepends=True)

    def reset(self, keep: int = 0) -> None:
        """Forget all but the last lines, unless there are fewer than `keep`."""
        if len(self._lines) > keep:
            self._lines.clear()

    def notice(self) -> str:
        """The text of the notice; lines end in LF."""
        parts = ["Transcript of session follows.\n\n"]
        for line in self._lines[-LINES:]:
            if isinstance(line, bytes):
                parts.append(_folded(" Out: ", line.decode("utf-8", "surrogateescape").removesuffix("\r\n")))
            else:
                parts.append(_folded(" In:  ", line))
        parts.append(f"\nSession aborted, reason: {self.end}\n" if self.end else "\n")
        parts.append("\nFor other details, see the local mail logfile\n")
        return "".join(parts)


def _folded(label: str, line: str) -> str:
    shown = "".join(char if char.isprintable() else "?" for char in line)
    wrapped = textwrap.wrap(
        shown, WIDTH, initial_indent=label, subsequent_indent="     ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapped or [label]) + "\n"


def wanted(classes: tuple[str, ...]) -> Fault:
    """The faults that `notify_classes` asks to hear of."""
    found = Fault.NONE
    for word in classes:
        found |= CLASSES.get(word, Fault.NONE)
    return found
