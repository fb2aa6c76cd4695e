"""The restrictions there are: each is one function, registered under its Postfix name.

    @restriction("reject_non_fqdn_sender", about=Subject.SENDER)
    async def reject_non_fqdn_sender(evaluation: Evaluation) -> Outcome: ...

    @restriction("check_client_access", about=Subject.CLIENT)
    async def check_client_access(evaluation: Evaluation, table: Table) -> Outcome: ...

1. A function with a second parameter takes the next word of the list as its argument. The parameter's annotation names
   an argument type: a class with `parse(word)`, which is called once, when the configuration is read.
2. An argument that is missing or malformed is `BadArgumentError`; what happens then is said there.
3. Names are compared without regard to case; a restriction may have older names as aliases.
4. Packages register their own through the entry-point group `gatepost.restrictions`: each entry names a module that
   uses this decorator.
"""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from typing import Protocol, Self

from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import Outcome
from gatepost.policy.program import Check

ENTRY_POINTS = "gatepost.restrictions"

_BUILT_IN = (
    "generic",
    "client",
    "helo",
    "sender",
    "login",
    "recipient",
    "backup",
    "etrn",
    "dnslists",
    "hosts",
    "obsolete",
)

Function = Callable[..., Awaitable[Outcome]]


class BadArgumentError(ValueError):
    """An argument is missing or malformed.

    The text is the warning that is logged whenever the restriction is reached. `skipped`: it then does nothing, else
    the client gets `451 4.3.5 Server configuration error`. `fatal`: a server with this configuration does not start.
    """

    def __init__(self, text: str, *, skipped: bool = False, fatal: bool = False) -> None:
        super().__init__(text)
        self.skipped = skipped
        self.fatal = fatal


class Argument(Protocol):
    """The type of a restriction's argument."""

    @classmethod
    def parse(cls, name: str, word: str | None) -> Self:
        """The argument that a word spells; None where the list ends. `name` is the restriction as written.

        Raises:
            BadArgumentError: it is missing or malformed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Restriction:
    """A registered restriction."""

    name: str
    function: Function
    about: Subject
    argument: type[Argument] | None
    doc: str

    def bind(self, written: str, word: str | None) -> Check:
        """The restriction with its argument, as a list has it. Raises BadArgumentError."""
        function = self.function
        if self.argument is None:
            return function
        argument = self.argument.parse(written, word)

        def check(evaluation: Evaluation) -> Awaitable[Outcome]:
            return function(evaluation, argument)

        return check


_REGISTRY: dict[str, Restriction] = {}


def restriction(name: str, *aliases: str, about: Subject = Subject.SESSION) -> Callable[[Function], Function]:
    """Register a function as the restriction of this name, and of older names. `about`: what must be known for it."""

    def register(function: Function) -> Function:
        made = Restriction(name, function, about, _argument_type(function), inspect.getdoc(function) or "")
        for known in (name, *aliases):
            if known in _REGISTRY:
                raise ValueError(f"restriction {known} is registered twice")
            _REGISTRY[known] = made
        return function

    return register


def _argument_type(function: Function) -> type[Argument] | None:
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) == 1:
        return None
    hints = typing.get_type_hints(function)
    found: type[Argument] = hints[parameters[1]]
    return found


def find(name: str) -> Restriction | None:
    """The restriction of that name, in any case."""
    return known().get(name.lower())


def similar(name: str, others: Iterable[str] = ()) -> str:
    """The restriction, or one of the others, that a misspelt name most likely means; "" where none is near."""
    near = difflib.get_close_matches(name.lower(), [*known(), *others], n=1)
    return near[0] if near else ""


@cache
def known() -> dict[str, Restriction]:
    """All restrictions by name and alias: the built-in ones, then those of installed packages."""
    for module in _BUILT_IN:
        import_module(f"gatepost.policy.restrictions.{module}")
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        entry.load()
    return _REGISTRY
