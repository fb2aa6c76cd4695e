"""Queue ids in Postfix's two forms, and the counter that keeps them unique.

Postfix builds them from the microsecond and the queue file's inode number. Here a counter stands in for the inode:
it only grows, the store keeps how far it may have come, and the slot's number is part of it, so that neither a
restart nor another worker gives the same one again.
"""

from __future__ import annotations

from gatepost.queue.record import Identity

SLOTS = 256
"""Slots that one queue directory can have; a number is `count * SLOTS + slot`."""

FIRST = 0x1000
"""Where counting begins, so that the short form has at least nine characters from the start."""

RESERVE = 4096
"""How far ahead of its use the counter is kept, so that it is written once in so many messages."""

_CONSONANTS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
"""52 digits without vowels, so that no id is a word; `z` ends the time in the long form, so numbers use 51 of them."""


def _digits(number: int, base: int, width: int) -> str:
    shown = ""
    while number:
        number, digit = divmod(number, base)
        shown = _CONSONANTS[digit] + shown
    return shown.rjust(width, "0")


def short_id(microsecond: int, number: int) -> str:
    """The classic form: five hexadecimal digits of the microsecond, then the number's."""
    return f"{microsecond:05X}{number:X}"


def long_id(second: int, microsecond: int, number: int) -> str:
    """The form of `enable_long_queue_ids`: it sorts by time and never comes twice."""
    return f"{_digits(second, 52, 6)}{_digits(microsecond, 52, 4)}z{_digits(number, 51, 1)}"


class Identities:
    """Gives out identities for one slot. `count` is the first that was never given out."""

    def __init__(self, slot: int, count: int = FIRST, *, long: bool = False) -> None:
        self._slot = slot
        self._long = long
        self.count = count

    def next(self, now: float) -> Identity:
        """A new identity; `now` in seconds since the epoch."""
        number = self.count * SLOTS + self._slot
        self.count += 1
        second, microsecond = divmod(int(now * 1_000_000), 1_000_000)
        return Identity(number, long_id(second, microsecond, number) if self._long else short_id(microsecond, number))
