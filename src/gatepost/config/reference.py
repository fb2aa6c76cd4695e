"""The reference of all parameters, made from their declarations."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.config.param import Choice, Integer, Parameter, Patterns, Support, declared
from gatepost.config.params import AllParameters

_INTRODUCTION = """\
# Parameters of main.cf

Made from the declarations by `gatepost conf --reference`; do not edit by hand.

Names, meanings and defaults are Postfix's (3.7), but for those that begin with `gatepost_` and for what
[differences](../differences.md) lists. A default is written as main.cf would write it: `$name` stands for the value of
another parameter. Two marks say what Gatepost does not do:

- *No effect*: the parameter may be set, and nothing comes of it. The start notes it.
- *Refused*: to set it to something else than its default stops the start, because mail would pass that it filters,
  signs, limits or restricts.

Values are of these kinds:

- boolean: `yes` or `no`
- integer, size: a whole number; a size counts bytes
- duration: a number and a unit, `s`, `m`, `h`, `d` or `w`; without one the unit is that of the default, or seconds
- text: any text
- list: words, separated by commas or blanks; `{ }` keeps together what stands in it
- tables: a list of lookup tables, `type:name`, asked in order
- restrictions: a list of access restrictions, tried in order
- patterns: a list of strings (names), domains (with their subdomains, see `parent_domain_matches_subdomains`) or hosts
  (names, addresses, networks), and also of `!pattern`, `/file` and `type:table`
"""

_MARKS = {Support.FULL: "", Support.NOTED: " *No effect.*", Support.GUARDING: " *Refused.*"}


def render_reference() -> str:
    """The text of docs/reference/parameters.md."""
    sections = ["\n".join(_section(subject)) for subject in AllParameters.__bases__]
    return "\n".join([_INTRODUCTION, *sections])


def _section(subject: type) -> Iterator[str]:
    yield f"## {(subject.__doc__ or '').strip().rstrip('.')}"
    yield ""
    yield "| parameter | default | value | meaning |"
    yield "|---|---|---|---|"
    for name, parameter in declared(subject).items():
        default = _code(parameter.default) if parameter.default else ""
        meaning = _cell(parameter.doc) + _MARKS[parameter.support]
        yield f"| `{name}` | {default} | {_value(parameter)} | {meaning} |"
    yield ""


def _value(parameter: Parameter[object]) -> str:
    """What values there are, in few words; the introduction explains the kinds."""
    match parameter:
        case Choice():
            return ", ".join(option or "(empty)" for option in parameter.options)
        case Integer() if parameter.bounded:
            return f"{parameter.kind}, {parameter.minimum} to {parameter.maximum}"
        case Patterns():
            return f"patterns: {parameter.style.name.lower()}"
        case _:
            return parameter.kind


def _code(text: str) -> str:
    """A code span that may hold backticks (CommonMark section 6.1)."""
    fence = "``" if "`" in text else "`"
    return f"{fence} {_cell(text)} {fence}" if fence == "``" else f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
