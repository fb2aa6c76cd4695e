"""What a lookup table is, whatever its type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Protocol


class Unavailable(Exception):  # noqa: N818 - said as it is: the table is unavailable
    """The table as a whole cannot be used; `reason` ends the log line `… is unavailable. {reason}`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unanswered(Exception):  # noqa: N818 - likewise
    """This one question cannot be answered; `reason` is empty where nothing more is to be said in the log."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Answers(Protocol):
    """One version of a table's content."""

    async def find(self, key: str) -> str | None:
        """The value, or None. The key is not empty, and folded where the table takes partial keys.

        Raises Unanswered.
        """
        ...


class Table(Protocol):
    """An open table."""

    takes_partial_keys: bool
    """True for fixed strings: keys are folded, and keys derived from the first may be asked. False for patterns."""

    async def version(self) -> Answers:
        """The content as it is now. Raises Unavailable."""
        ...


class InMemory(ABC):
    """A table whose content is in memory as a whole: mostly it need not be waited for."""

    takes_partial_keys: bool

    @abstractmethod
    def at_hand(self) -> Answers | None:
        """The content as it is now; None where `version` has to be awaited. Raises Unavailable."""

    @abstractmethod
    async def version(self) -> Answers:
        """The content as it is now. Raises Unavailable."""


class Constant(InMemory):
    """A table whose content never changes."""

    def __init__(self, answers: Answers, *, partial_keys: bool) -> None:
        self.takes_partial_keys = partial_keys
        self._answers = answers

    def at_hand(self) -> Answers:
        """Always the same."""
        return self._answers

    async def version(self) -> Answers:
        """Always the same."""
        return self._answers


class Broken:
    """A table that could not be opened: it fails every lookup with the reason."""

    takes_partial_keys = True

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def version(self) -> Answers:
        """Raises Unavailable."""
        raise Unavailable(self._reason)


class Pairs:
    """Content that is a dictionary, its keys folded. `sound`: all of it is text that any reader may have as it is."""

    def __init__(self, pairs: dict[str, str], *, sound: bool = True) -> None:
        self.pairs = pairs
        self.sound = sound

    async def find(self, key: str) -> str | None:
        """The value of exactly this key."""
        return self.pairs.get(key)

    def items(self) -> Iterator[tuple[str, str]]:
        """All pairs, in order."""
        return iter(self.pairs.items())
