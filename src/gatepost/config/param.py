"""How a parameter of main.cf is declared.

    class Server:
        smtpd_recipient_limit = integer("1000", minimum=1, doc="Recipients that one message may have.")

Rules of this module:

1. The attribute's name is the parameter's name in main.cf; `name=` is for the few that are no Python identifiers.
2. The default is written as main.cf would write it, and goes through the same parser.
3. Reading the attribute of a `Settings` gives a value of the declared type, computed once.
4. `support` says what a value other than the default does: FULL, it has its effect; NOTED, it has none, which does no
   harm; GUARDING, it would filter, sign, limit or restrict mail, so a server that ignored it must not start.
5. The doc is one or two sentences of our own, for the generated reference.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import timedelta
from enum import Enum
from typing import Final, Generic, Protocol, Self, TypedDict, TypeVar, Unpack, overload

from gatepost.config.findings import Place
from gatepost.config.source import SourceText, split_words

T_co = TypeVar("T_co", covariant=True)
_T = TypeVar("_T")


class Support(Enum):
    """What setting a parameter to something else than its default does."""

    FULL = "full"
    NOTED = "noted"
    GUARDING = "guarding"


FULL: Final = Support.FULL
NOTED: Final = Support.NOTED
GUARDING: Final = Support.GUARDING


class InvalidValueError(Exception):
    """A text that is no value of the kind. `place` is where the fault is, where that is not the whole text."""

    def __init__(self, reason: str, hint: str = "", place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.place = place


class Values(Protocol):
    """What a declaration reads from: the expanded texts of one configuration."""

    def expanded(self, name: str) -> SourceText:
        """The text of a name, macros replaced. Raises ExpansionError."""
        ...

    def value(self, parameter: Parameter[_T]) -> _T:
        """The typed value of a declared parameter. Raises ConfigurationError."""
        ...


class Remarks(TypedDict, total=False):
    """What every declaration may say beside its default."""

    doc: str
    support: Support
    name: str  # in main.cf, where it is no Python identifier
    raw: bool  # `$name` in it belongs to the feature, not to main.cf


class Parameter(ABC, Generic[T_co]):
    """One declared parameter, a descriptor. `default` is main.cf text."""

    kind: str = ""

    def __init__(self, default: str, **remarks: Unpack[Remarks]) -> None:
        self.default = default
        self.name = remarks.get("name", "")
        self.doc = remarks.get("doc", "")
        self.support = remarks.get("support", FULL)
        self.raw = remarks.get("raw", False)
        self.attribute = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Values, owner: type) -> T_co: ...
    def __get__(self, instance: Values | None, owner: type) -> Self | T_co:
        return self if instance is None else instance.value(self)

    @abstractmethod
    def parse(self, source: SourceText) -> T_co:
        """The value of an expanded text. Raises InvalidValueError."""

    def expectation(self) -> str:
        """What values are allowed, for the reference and hints; empty where any text is."""
        return ""


class Integer(Parameter[int]):
    """A whole number."""

    kind = "integer"

    def __init__(self, default: str, minimum: int, maximum: int, **remarks: Unpack[Remarks]) -> None:
        super().__init__(default, **remarks)
        self.minimum = minimum
        self.maximum = maximum
        self.bounded = maximum != _LARGEST

    def parse(self, source: SourceText) -> int:
        """Read a decimal number."""
        text = str(source)
        if not _INTEGER.fullmatch(text):
            raise InvalidValueError(f"{text!r} is not a whole number", self.expectation())
        number = int(text)
        if not self.minimum <= number <= self.maximum:
            raise InvalidValueError(f"{number} is out of range", self.expectation())
        return number

    def expectation(self) -> str:
        """Name the bounds."""
        if not self.bounded:
            return f"a whole number from {self.minimum}" if self.minimum else "a whole number"
        return f"a whole number from {self.minimum} to {self.maximum}"


class Size(Integer):
    """A number of bytes."""

    kind = "size"


class Boolean(Parameter[bool]):
    """yes or no."""

    kind = "boolean"

    def parse(self, source: SourceText) -> bool:
        """Read yes or no, in any case."""
        match str(source).lower():
            case "yes":
                return True
            case "no":
                return False
            case _:
                raise InvalidValueError(f"{str(source)!r} is neither yes nor no", self.expectation())

    def expectation(self) -> str:
        """Name both."""
        return "yes or no"


class Duration(Parameter[timedelta]):
    """A time: a number and a unit. A number alone has the unit of the default."""

    kind = "duration"

    def __init__(self, default: str, unit: str, **remarks: Unpack[Remarks]) -> None:
        super().__init__(default, **remarks)
        last = default[-1:]
        self.unit = unit or (last if last in _UNITS and not default.startswith("$") else _tail_unit(default))

    def parse(self, source: SourceText) -> timedelta:
        """Read a number and its unit; text behind the unit is passed over, as Postfix does."""
        text = str(source)
        match = _DURATION.match(text)
        if match is None:
            raise InvalidValueError(f"{text!r} is not a time", self.expectation())
        unit = (match.group(2) or self.unit).lower()
        if unit not in _UNITS:
            raise InvalidValueError(
                f"{match.group(2)!r} is not a unit of time", self.expectation(), source.place(match.start(2))
            )
        try:
            return int(match.group(1)) * _UNITS[unit]
        except OverflowError:
            raise InvalidValueError(f"{text!r} is too long a time", self.expectation()) from None

    def expectation(self) -> str:
        """Name the units."""
        return f"a number and a unit: s, m, h, d or w ({self.unit} where none is given)"


class Text(Parameter[str]):
    """Any text."""

    kind = "text"

    def __init__(self, default: str, *, required: bool, **remarks: Unpack[Remarks]) -> None:
        super().__init__(default, **remarks)
        self.required = required

    def parse(self, source: SourceText) -> str:
        """Take the text as it is."""
        text = str(source)
        if self.required and not text:
            raise InvalidValueError("the value must not be empty", self.expectation())
        return text

    def expectation(self) -> str:
        """Say whether it may be empty."""
        return "a text that is not empty" if self.required else ""


class Choice(Parameter[str]):
    """One of a few words. Case does not matter; the value is as declared."""

    kind = "choice"

    def __init__(self, default: str, options: tuple[str, ...], **remarks: Unpack[Remarks]) -> None:
        super().__init__(default, **remarks)
        self.options = options

    def parse(self, source: SourceText) -> str:
        """Find the option."""
        text = str(source)
        for option in self.options:
            if option.lower() == text.lower():
                return option
        raise InvalidValueError(f"{text!r} is not one of the values", self.expectation())

    def expectation(self) -> str:
        """Name the options."""
        return "one of " + ", ".join(option or "(empty)" for option in self.options)


class Words(Parameter[tuple[str, ...]]):
    """Words separated by commas or blanks; `{}` keeps what stands in it together."""

    kind = "list"

    def parse(self, source: SourceText) -> tuple[str, ...]:
        """Split the text."""
        return tuple(word.text for word in split_words(source))

    def expectation(self) -> str:
        """Say how words are separated."""
        return "words, separated by commas or blanks"


class Tables(Words):
    """Lookup tables, `type:name`, asked in their order."""

    kind = "tables"

    def parse(self, source: SourceText) -> tuple[str, ...]:
        """Split the text; each word must name a table."""
        for word in split_words(source):
            if ":" not in word.text:
                raise InvalidValueError(
                    f"{word.text!r} is not a lookup table",
                    "lookup tables, type:name, such as hash:/etc/postfix/virtual",
                    word.place,
                )
        return super().parse(source)

    def expectation(self) -> str:
        """Say how tables are written."""
        return "lookup tables, type:name, separated by commas or blanks"


class PatternStyle(Enum):
    """What the elements of a pattern list are matched with."""

    STRINGS = "names, matched whole"
    DOMAINS = "domains, with their subdomains where `parent_domain_matches_subdomains` says so"
    HOSTS = "host names, addresses and networks"


class Patterns(Words):
    """A pattern list: `!` excludes, `/file` includes its lines, `type:table` asks a table. See `matchlist`."""

    kind = "patterns"

    def __init__(self, default: str, style: PatternStyle, **remarks: Unpack[Remarks]) -> None:
        super().__init__(default, **remarks)
        self.style = style

    def expectation(self) -> str:
        """Say what may be listed."""
        return f"{self.style.value}; also !pattern, /file, type:table"


class Restrictions(Words):
    """Access restrictions, tried in their order."""

    kind = "restrictions"

    def expectation(self) -> str:
        """Say how restrictions are written."""
        return "restrictions, separated by commas or blanks"


_LARGEST = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DURATION = re.compile(r"\s*\+?([0-9]{1,18})\s*(\S?)")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def _tail_unit(default: str) -> str:
    """The unit behind a reference: `${stress?{10}:{300}}s` counts seconds."""
    return default[-1] if default.endswith(("}s", "}m", "}h", "}d", "}w")) else "s"


def integer(default: str, *, minimum: int = 0, maximum: int = _LARGEST, **remarks: Unpack[Remarks]) -> Integer:
    """A whole number within bounds."""
    return Integer(default, minimum, maximum, **remarks)


def size(default: str, *, minimum: int = 0, **remarks: Unpack[Remarks]) -> Size:
    """A number of bytes."""
    return Size(default, minimum, _LARGEST, **remarks)


def boolean(default: str, **remarks: Unpack[Remarks]) -> Boolean:
    """A value of yes or no."""
    return Boolean(default, **remarks)


def duration(default: str, *, unit: str = "", **remarks: Unpack[Remarks]) -> Duration:
    """A time. The unit of a number without one is that of the default, or else seconds."""
    return Duration(default, unit, **remarks)


def text(default: str, *, required: bool = False, **remarks: Unpack[Remarks]) -> Text:
    """Any text; `required`: not the empty one."""
    return Text(default, required=required, **remarks)


def choice(default: str, *options: str, **remarks: Unpack[Remarks]) -> Choice:
    """One of the options."""
    return Choice(default, options, **remarks)


def words(default: str, **remarks: Unpack[Remarks]) -> Words:
    """A list of words."""
    return Words(default, **remarks)


def tables(default: str, **remarks: Unpack[Remarks]) -> Tables:
    """A list of lookup tables."""
    return Tables(default, **remarks)


def strings(default: str, **remarks: Unpack[Remarks]) -> Patterns:
    """A pattern list of names."""
    return Patterns(default, PatternStyle.STRINGS, **remarks)


def domains(default: str, **remarks: Unpack[Remarks]) -> Patterns:
    """A pattern list of domains."""
    return Patterns(default, PatternStyle.DOMAINS, **remarks)


def hosts(default: str, **remarks: Unpack[Remarks]) -> Patterns:
    """A pattern list of host names, addresses and networks."""
    return Patterns(default, PatternStyle.HOSTS, **remarks)


def restrictions(default: str, **remarks: Unpack[Remarks]) -> Restrictions:
    """A list of access restrictions."""
    return Restrictions(default, **remarks)


def declared(owner: type) -> dict[str, Parameter[object]]:
    """The parameters that a class and its bases declare, by main.cf name, in order of the alphabet."""
    found: dict[str, Parameter[object]] = {}
    for cls in owner.__mro__:
        for member in vars(cls).values():
            if isinstance(member, Parameter):
                found.setdefault(member.name, member)
    return dict(sorted(found.items()))
