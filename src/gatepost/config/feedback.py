"""Concurrency feedback: how far one delivery moves the number of parallel ones to its destination."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gatepost.config.param import InvalidValueError, Parameter
from gatepost.config.source import SourceText

_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_FEEDBACK = re.compile(rf"\s*({_NUMBER})\s*(?:/\s*(concurrency|sqrt_concurrency|{_NUMBER})\s*)?")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A number between 0 and 1, divided by the number of deliveries to the destination that may run, or by its root."""

    value: float = 1.0
    per: str = ""  # "concurrency", "sqrt_concurrency"

    def of(self, window: int) -> float:
        """The feedback where so many deliveries may run."""
        match self.per:
            case "concurrency":
                return self.value / window
            case "sqrt_concurrency":
                return self.value / math.sqrt(window)
            case _:
                return self.value


WHOLE = Feedback()
"""One delivery moves the number by one."""


class ConcurrencyFeedback(Parameter[Feedback]):
    """`1`, `0.25`, `1/8`, `1/concurrency` or `1/sqrt_concurrency`."""

    kind = "feedback"

    def parse(self, source: SourceText) -> Feedback:
        """Read a number and what it is divided by."""
        text = str(source)
        found = _FEEDBACK.fullmatch(text)
        if found is None:
            raise InvalidValueError(f"{text!r} is no feedback", self.expectation())
        value, per = float(found[1]), found[2] or ""
        if per and not per.isidentifier():
            value, per = (value / float(per) if float(per) else 0.0), ""
        if not 0 < value <= 1:
            raise InvalidValueError(f"{text!r} is out of range", self.expectation())
        return Feedback(value, per)

    def expectation(self) -> str:
        """Name the forms."""
        return "a number above 0 and up to 1, or such a number and `/concurrency` or `/sqrt_concurrency`"
