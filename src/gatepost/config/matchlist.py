"""Pattern lists: `mynetworks`, `relay_domains`, `mydestination` and their kind.

Rules of this module:

1. Patterns are tried in order; the first one that matches decides. `!pattern` that matches means "not in the list".
2. `name` matches itself, in any case. In domain and host lists whose parameter is named in
   `parent_domain_matches_subdomains` it matches what is below it too; in those that are not, `.name` does that.
3. `192.0.2.1`, `192.0.2.0/24`, `[2001:db8::1]`, `[2001:db8::]/32` and `[2001:db8::/32]` match addresses. Without
   brackets an IPv6 address looks like a table, `type:name`.
4. `/file` stands for the patterns in the file, `!/file` for their opposites.
5. `type:table` matches where the table has the key; in domain and host lists, parents of a name are keys too, unless
   the table takes none but the first. An address is only looked up as it is.
6. What cannot be understood fails the lookup when its turn comes: a list with a fault must neither permit nor refuse.
7. A list without tables and faults gives the same answer to the same question for ever, so it is remembered.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gatepost.config.findings import Place
from gatepost.config.lexer import logical_lines
from gatepost.config.param import Patterns, PatternStyle
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.config.source import Word, split_words
from gatepost.mail.address import fold
from gatepost.oracle import LookupFailed, Oracle

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REMEMBERED = 5000
"""Answers that a list keeps."""

NESTING_LIMIT = 20
"""Files within files; deeper ones include each other."""

_BRACKETED = re.compile(r"\[([0-9A-Fa-f.:]+)(?:/([0-9]*))?\](?:/([0-9]*))?")
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+/[0-9]*")


@dataclass(frozen=True, slots=True)
class Name:
    """A name, in small letters; `.name` as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """One address or a network."""

    network: _Network


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table, `type:name`."""

    spec: str


@dataclass(frozen=True, slots=True)
class Faulty:
    """A pattern that cannot be understood, and why."""

    table: str
    reason: str
    family: int = 0  # 4 or 6: only an address of this family meets the fault


@dataclass(frozen=True, slots=True)
class Pattern:
    """One element of a list."""

    matcher: Name | Range | Table | Faulty
    negated: bool = False
    place: Place | None = None


@dataclass(frozen=True)
class MatchList:
    """A pattern list, ready to match. `name` is that of the parameter, for failures."""

    patterns: tuple[Pattern, ...]
    style: PatternStyle
    parents: bool = False
    name: str = ""
    _answers: dict[tuple[str, str], bool] = field(init=False, compare=False, repr=False, default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, name: str) -> MatchList:
        """The list of a parameter that is declared as one.

        Raises:
            ConfigurationError: the text cannot be expanded.
        """
        declaration = PARAMETERS[name]
        if not isinstance(declaration, Patterns):
            raise TypeError(f"{name} is not declared as a pattern list")
        parents = name in settings.parent_domain_matches_subdomains
        return cls.parse(settings.words(name), declaration.style, parents=parents, files=settings.files, name=name)

    @classmethod
    def parse(
        cls,
        words: Iterable[Word],
        style: PatternStyle,
        *,
        parents: bool = False,
        files: Mapping[str, str] | None = None,
        name: str = "",
    ) -> MatchList:
        """The list that the words make. `parents`: a plain name matches its subdomains; `files`: text by path."""
        return cls(tuple(_patterns(words, style, files or {}, 0)), style, parents, name)

    async def matches(self, oracle: Oracle, *, name: str = "", address: str = "") -> bool:
        """Whether the name or the address is in the list. An empty one matches nothing.

        Raises:
            LookupFailed: a table or file could not be read, or a pattern makes no sense.
        """
        found = self.known(name, address)
        if found is not None:
            return found
        subject = _Subject(name, name.lower(), address, _address(address))
        for pattern in self.patterns:
            if await self._met(pattern.matcher, oracle, subject):
                return not pattern.negated
        return False

    def known(self, name: str = "", address: str = "") -> bool | None:
        """The same without waiting; None where `matches` has to be asked."""
        found = self._answers.get((name, address))
        if found is None and self.fixed:
            found = self._decided(_Subject(name, name.lower(), address, _address(address)))
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            self._answers[name, address] = found
        return found

    @cached_property
    def fixed(self) -> bool:
        """Whether the answers depend on nothing but the list."""
        return not any(isinstance(pattern.matcher, Table | Faulty) for pattern in self.patterns)

    def _decided(self, subject: _Subject) -> bool:
        """The answer of a list that is fixed."""
        if any(pattern.negated for pattern in self.patterns):
            deciding = (
                pattern
                for pattern in self.patterns
                if not isinstance(pattern.matcher, Table) and self._meets(pattern.matcher, subject)
            )
            first = next(deciding, None)
            return first is not None and not first.negated
        if not self._names.isdisjoint((*self._patterns_above(subject.folded), subject.address.lower())):
            return True
        return subject.parsed is not None and any(subject.parsed in network for network in self._networks)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(pattern.matcher.text for pattern in self.patterns if isinstance(pattern.matcher, Name))

    @cached_property
    def _networks(self) -> tuple[_Network, ...]:
        return tuple(pattern.matcher.network for pattern in self.patterns if isinstance(pattern.matcher, Range))

    def _patterns_above(self, folded: str) -> Iterator[str]:
        """The patterns that a name in small letters meets (rule 2)."""
        yield folded
        at = -1 if self.style is PatternStyle.STRINGS else folded.find(".")
        while at >= 0:
            yield folded[at + 1 if self.parents else at :]
            at = folded.find(".", at + 1)

    def complaint(self, failure: LookupFailed) -> str:
        """What the log says of a failure of `matches`."""
        why = failure.reason if failure.table == self.name else f"{failure.table}: table lookup problem"
        return f"{self.name}: {why}"

    async def _met(self, matcher: Name | Range | Table | Faulty, oracle: Oracle, subject: _Subject) -> bool:
        if isinstance(matcher, Table):
            return await self._in_table(matcher.spec, oracle, subject)
        return self._meets(matcher, subject)

    def _meets(self, matcher: Name | Range | Faulty, subject: _Subject) -> bool:
        match matcher:
            case Name(text):
                return (subject.folded != "" and self._is_or_below(subject.folded, text)) or (
                    subject.address != "" and subject.address.lower() == text
                )
            case Range(network):
                return subject.parsed is not None and subject.parsed in network
            case Faulty(table, reason, family):
                if family and (subject.parsed is None or subject.parsed.version != family):
                    return False
                raise LookupFailed(table or self.name, subject.address or subject.name, reason)

    def _is_or_below(self, name: str, pattern: str) -> bool:
        if name == pattern:
            return True
        if self.style is PatternStyle.STRINGS:
            return False
        return name.endswith(f".{pattern}") if self.parents else pattern.startswith(".") and name.endswith(pattern)

    async def _in_table(self, spec: str, oracle: Oracle, subject: _Subject) -> bool:
        keys = tuple(filter(None, self._keys(subject, spec, oracle)))
        content = oracle.content(spec) if all(map(str.isascii, keys)) else None
        if content is not None:
            return not content.keys().isdisjoint(map(fold, keys))
        for key in keys:
            if await oracle.lookup(spec, key) is not None:
                return True
        return False

    def _keys(self, subject: _Subject, spec: str, oracle: Oracle) -> Iterator[str]:
        """The keys that a table is asked for (rule 5)."""
        labels = subject.name.split(".")
        yield subject.name
        if self.style is not PatternStyle.STRINGS and oracle.takes_partial_keys(spec):
            for index in range(1, len(labels)):
                yield ("" if self.parents else ".") + ".".join(labels[index:])
        yield subject.address


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is looked for: a name, as it came and in small letters, and an address, as text and parsed."""

    name: str
    folded: str
    address: str
    parsed: _Address | None


def _address(text: str) -> _Address | None:
    if not text:  # the usual case of a list that is asked for a name; the exception would cost more than the match
        return None
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def included_files(words: Iterable[Word]) -> Iterator[str]:
    """The paths of the files that the words include."""
    for word in words:
        text = word.text.lstrip("!")
        if text.startswith("/"):
            yield text


def _patterns(words: Iterable[Word], style: PatternStyle, files: Mapping[str, str], depth: int) -> Iterator[Pattern]:
    for word in words:
        text = word.text.lstrip("!")
        negated = (len(word.text) - len(text)) % 2 == 1
        if text.startswith("/"):
            for pattern in _from_file(text, style, files, depth):
                yield Pattern(pattern.matcher, pattern.negated != negated, pattern.place or word.place)
        else:
            yield Pattern(_matcher(text, style), negated, word.place)


def _from_file(path: str, style: PatternStyle, files: Mapping[str, str], depth: int) -> Iterator[Pattern]:
    content = files.get(path)
    if content is None or depth == NESTING_LIMIT:
        reason = f"open file {path}: No such file or directory" if content is None else "files include each other"
        yield Pattern(Faulty(f"non-existent:{path}", reason))
        return
    for line in logical_lines(content, path):
        yield from _patterns(split_words(line), style, files, depth + 1)


def _matcher(text: str, style: PatternStyle) -> Name | Range | Table | Faulty:
    if not text:
        return Faulty("", "a ! stands alone")
    if text.startswith("["):
        match = _BRACKETED.fullmatch(text) if style is PatternStyle.HOSTS else None
        if match is None or (match.group(2) is not None and match.group(3) is not None):
            return Name(text.lower())
        return _range(match.group(1), match.group(2) if match.group(3) is None else match.group(3))
    if ":" in text:
        return Table(text)
    if style is PatternStyle.HOSTS and _NETWORK.fullmatch(text):
        network, _, length = text.partition("/")
        return _range(network, length)
    return Name(text.lower())


def _range(network: str, length: str | None) -> Range | Name | Faulty:
    """The network, or what is wrong with it. A lone address that is none is a name that nothing has."""
    family = 6 if ":" in network else 4
    address = _address(network)
    if length is None:
        return Range(ipaddress.ip_network(address)) if address else Name(network.lower())
    written = f"{network}/{length}"
    if address is None:
        return Faulty("", f'bad network value in "{written}"', family)
    if not length:
        return Faulty("", f'bad mask value in "{written}"', family)
    if int(length[:4]) > address.max_prefixlen:
        return Faulty("", f'bad mask length in "{written}"', family)
    right = ipaddress.ip_network((address, int(length)), strict=False)
    if right.network_address != address:
        hint = f'perhaps you should use "{right.network_address}/{length}" instead'
        return Faulty("", f'non-null host address bits in "{written}", {hint}', family)
    return Range(right)
