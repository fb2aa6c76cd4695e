"""cidr: IP addresses and networks, in order."""

from __future__ import annotations

import ipaddress
import re

from gatepost.tables.registry import Opening, table_type
from gatepost.tables.reread import Parsed
from gatepost.tables.rules import Builder, Captures, Rules, literal, open_rules
from gatepost.tables.source import SPACE, Fault, Line, decode, logical_lines
from gatepost.tables.table import Table

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WORDS = re.compile(rf"([^{SPACE}]+)[{SPACE}]*(.*)", re.DOTALL)
_KEYWORD = re.compile(rf"(if|endif)(?![^{SPACE}!])[{SPACE}]*(.*)", re.DOTALL | re.IGNORECASE)


@table_type("cidr")
def cidr(opening: Opening) -> Table:
    """`network/length result`, `!` to negate, `if` and `endif`."""
    label = f"cidr map {opening.name}"

    def parse(data: bytes) -> Parsed:
        faults: list[Fault] = []
        return parse_lines(label, list(logical_lines(decode(data), faults, opening.name)), faults)

    def parse_items(items: list[str]) -> Parsed:
        return parse_lines(label, [Line(number, item) for number, item in enumerate(items, 1)], [])

    return open_rules(opening, "cidr", parse, parse_items)


class _Networks:
    """The rules; a key that is no address has no answer."""

    def __init__(self, rules: Rules[Address]) -> None:
        self._rules = rules

    async def find(self, key: str) -> str | None:
        address = _address(key)
        return None if address is None else self._rules.first(address)


def _address(text: str) -> Address | None:
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_lines(label: str, lines: list[Line], faults: list[Fault]) -> Parsed:
    """The rules of the lines."""
    builder: Builder[Address] = Builder(label, faults)
    for line in lines:
        try:
            _add(builder, line)
        except ValueError as error:
            builder.fault(line, f"{error}: skipping this rule")
    return Parsed(_Networks(builder.finish()), tuple(faults))


def _add(builder: Builder[Address], line: Line) -> None:
    keyword = _KEYWORD.fullmatch(line.text)
    if not keyword:
        pattern, result = _pattern(line.text)
        if not result:
            raise ValueError("no lookup result")
        builder.rule(pattern, literal(result))
    elif keyword[1].lower() == "if":
        pattern, rest = _pattern(keyword[2])
        if rest:
            raise ValueError("garbage after IF")
        builder.begin(line, pattern)
    elif keyword[2]:
        raise ValueError("garbage after ENDIF")
    elif not builder.end():
        raise ValueError("ENDIF without IF")


class _Within:
    """Matches the addresses of a network, or those of its family that are outside."""

    __slots__ = ("_first", "_last", "_negated", "_version")

    def __init__(self, network: Network, *, negated: bool) -> None:
        self._version = network.version
        self._first, self._last = int(network.network_address), int(network.broadcast_address)
        self._negated = negated

    def __call__(self, address: Address) -> Captures | None:
        if address.version != self._version:
            return None
        inside = self._first <= int(address) <= self._last
        return None if inside == self._negated else ()


def _pattern(text: str) -> tuple[_Within, str]:
    """The pattern at the start, and the text behind it. Raises ValueError with the fault's message."""
    negated = text.startswith("!")
    found = _WORDS.fullmatch(text[1:].lstrip(SPACE) if negated else text)
    if not found:
        raise ValueError("no address pattern")
    return _Within(network(found[1]), negated=negated), found[2].strip(SPACE)


def network(text: str) -> Network:
    """The network of `a.b.c.d`, `a.b.c.d/n`, `v6/n`, `[v6]`, `[v6]/n` or `[v6/n]`.

    Raises ValueError with the fault's message, in Postfix's words.
    """
    plain = _unbracketed(text)
    base, slash, length = plain.partition("/")
    address = _address(base)
    if address is None:
        raise ValueError(f'bad network value in "{text}"' if slash else f'bad address pattern: "{text}"')
    if not slash:
        return ipaddress.ip_network(address)
    if not re.fullmatch(r"[0-9]{1,9}", length):
        raise ValueError(f'bad mask value in "{text}"')
    if int(length) > address.max_prefixlen:
        raise ValueError(f'bad mask length in "{text}"')
    found = ipaddress.ip_network((address, int(length)), strict=False)
    if found.network_address != address:
        hint = f'perhaps you should use "{found.network_address}/{length}" instead'
        raise ValueError(f'non-null host address bits in "{plain}", {hint}')
    return found


def _unbracketed(text: str) -> str:
    if not text.startswith("["):
        return text
    inner, bracket, rest = text[1:].partition("]")
    if not bracket:
        raise ValueError(f"missing ']' character after \"{text}\"")
    if rest and not rest.startswith("/"):
        raise ValueError(f'garbage after "{text[: len(inner) + 2]}"')
    return inner + rest
