"""Checks of relations between parameters, which no single value shows.

A check is a function under `@check("GP01nn")` that yields findings with that id. To add one, write it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gatepost.config.findings import Finding
from gatepost.config.services import Service
from gatepost.config.settings import Settings

Check = Callable[[Settings, Sequence[Service]], Iterator[Finding]]

REGISTRY: dict[str, Check] = {}
"""Every check by the id of its findings."""


def check(number: str) -> Callable[[Check], Check]:
    """Declare a check. The id is its own, stable and never used again."""

    def declare(function: Check) -> Check:
        if number in REGISTRY:
            raise ValueError(f"{number} is taken by {REGISTRY[number].__name__}")
        REGISTRY[number] = function
        return function

    return declare


def check_all(settings: Settings, services: Sequence[Service]) -> list[Finding]:
    """What all checks find."""
    return [finding for function in REGISTRY.values() for finding in function(settings, services)]
