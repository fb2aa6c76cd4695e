"""The parameters of one configuration, typed.

`Settings` is a value: reading a parameter parses its text once and remembers the result. Nothing here reads a file or
asks the host; what the host decides (its name, its networks) is handed in as defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from gatepost.config.expand import ExpansionError, expand, references
from gatepost.config.findings import ConfigurationError, Finding, Level, Place
from gatepost.config.lexer import parse_assignments
from gatepost.config.names import PER_TRANSPORT, general_name, per_transport, table_prefixes, unknown_name
from gatepost.config.param import InvalidValueError, Parameter, Support, declared
from gatepost.config.params import AllParameters
from gatepost.config.source import SourceText, Word, split_words

_T = TypeVar("_T")


class Settings(AllParameters):
    """main.cf, with the overrides of one service where it belongs to one. Make one with `Settings.parse`."""

    def __init__(
        self, assigned: Mapping[str, SourceText], places: Mapping[str, Place], defaults: Mapping[str, str]
    ) -> None:
        self._assigned = dict(assigned)
        self._places = dict(places)
        self._defaults = dict(defaults)
        self.files: Mapping[str, str] = {}
        """Text of the files that pattern lists include, by path; `load` fills it."""
        self._texts: dict[str, SourceText] = {}
        self._syntax: tuple[Finding, ...] = ()

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        file: str = "main.cf",
        overrides: Mapping[str, str] | None = None,
        directory: str = "",
        host_name: str = "",
    ) -> Settings:
        """The settings that a main.cf text makes.

        `file` is what findings call it, `overrides` wins over it, `directory` is `$config_directory`, `host_name`
        the host's own, from which `myhostname` and `mydomain` derive where they are not set. Never raises: faults
        come from `findings()`, and from reading a value that is wrong.
        """
        parsed = parse_assignments(text, file)
        last = parsed.last()
        settings = cls(
            {name: entry.value for name, entry in last.items()},
            {name: entry.place for name, entry in last.items()},
            {"config_directory": directory, "myhostname": host_name},
        )
        settings._syntax = parsed.findings
        return settings.with_overrides(overrides) if overrides else settings

    def with_overrides(self, overrides: Mapping[str, str | SourceText]) -> Settings:
        """The same settings with some names set otherwise, as by `-o name=value`."""
        given = {name: _source(value) for name, value in overrides.items()}
        places = {name: place for name, value in given.items() if (place := value.place()) is not None}
        kept = {name: place for name, place in self._places.items() if name not in given}
        return self._derived({**self._assigned, **given}, {**kept, **places}, self._defaults)

    def with_defaults(self, defaults: Mapping[str, str]) -> Settings:
        """The same settings with other defaults, for what the host decides."""
        return self._derived(self._assigned, self._places, {**self._defaults, **defaults})

    def _derived(
        self, assigned: Mapping[str, SourceText], places: Mapping[str, Place], defaults: Mapping[str, str]
    ) -> Settings:
        settings = Settings(assigned, places, defaults)
        settings._syntax = self._syntax
        settings.files = self.files
        return settings

    def with_files(self, files: Mapping[str, str]) -> Settings:
        """The same settings with the text of included files."""
        settings = self._derived(self._assigned, self._places, self._defaults)
        settings.files = {**self.files, **files}
        return settings

    def names(self) -> tuple[str, ...]:
        """The names that are set, in order of the text."""
        return tuple(self._assigned)

    def is_set(self, name: str) -> bool:
        """Whether main.cf or an override sets the name."""
        return name in self._assigned

    def place(self, name: str) -> Place | None:
        """Where the name is set; None for a default."""
        return self._places.get(name)

    def raw(self, name: str) -> str:
        """The text of the name as it is written, or its default; empty where there is neither."""
        return str(self._source(name) or "")

    def text(self, name: str) -> str:
        """The expanded text of any name, the users' own included; empty where it is not defined.

        Raises:
            ConfigurationError: the text cannot be expanded.
        """
        try:
            return str(self.expanded(name))
        except ExpansionError as error:
            raise ConfigurationError([self._expansion_finding(name, error)]) from None

    def words(self, name: str) -> tuple[Word, ...]:
        """The expanded text of any name as words, each with the place where it was written.

        Raises:
            ConfigurationError: the text cannot be expanded.
        """
        self.text(name)
        return split_words(self.expanded(name))

    def expanded(self, name: str) -> SourceText:
        """The text of any name with its macros replaced. Raises ExpansionError."""
        known = self._texts.get(name)
        if known is None:
            raw = self._source(name) or SourceText()
            parameter = PARAMETERS.get(name)
            known = raw if parameter and parameter.raw else expand(raw, self._source)
            self._texts[name] = known
        return known

    def value(self, parameter: Parameter[_T]) -> _T:
        """The typed value of a declared parameter; reading the attribute does the same.

        Raises:
            ConfigurationError: the text is no value of the parameter's kind.
        """
        return self._value(parameter, parameter.name)

    def for_transport(self, parameter: Parameter[_T], transport: str) -> _T:
        """The value for one transport.

        It is that of its own parameter (`smtp_destination_concurrency_limit`) where that is set or declared, or else
        that of the parameter for all of them (`default_destination_concurrency_limit`).

        Raises:
            ConfigurationError: the text is no value of the parameter's kind.
        """
        name = transport + PER_TRANSPORT[parameter.name]
        return self._value(parameter, name if name in self._assigned or name in PARAMETERS else parameter.name)

    def findings(self, *, services: Collection[str] | None = None, mentioned: Collection[str] = ()) -> list[Finding]:
        """Everything wrong with the text, the names and the single values.

        `services` are the names of master.cf, so that settings of transports that it does not have are reported;
        `mentioned` are names that texts outside main.cf refer to.
        """
        unknown = self._unknown_names(self._assigned, services, mentioned)
        in_order = dict.fromkeys([*self._assigned, *PARAMETERS])  # what is written first, then what derives from it
        return [*self._syntax, *unknown, *self._value_findings(in_order)]

    def override_findings(self, names: Collection[str]) -> list[Finding]:
        """Everything wrong with the names and values that an entry of master.cf overrides."""
        return [*self._unknown_names(names, None, ()), *self._value_findings(names)]

    def _value_findings(self, names: Iterable[str]) -> list[Finding]:
        found: list[Finding] = []
        for name in names:
            parameter = PARAMETERS.get(name) or PARAMETERS.get(general_name(name))
            if parameter is None:
                continue
            finding = self._wrong_value(parameter, name)
            if finding is not None:
                found += [finding] if finding.place not in {other.place for other in found} else []
            elif self.differs(parameter, name):
                found += _unsupported(parameter, name, self._places.get(name))
        return found

    def without_faults(self) -> Settings:
        """The same settings with the defaults in place of texts that make no value, for looking at the rest."""
        names = dict.fromkeys([*self._assigned, *PARAMETERS])
        parameters = ((name, PARAMETERS.get(name) or PARAMETERS.get(general_name(name))) for name in names)
        wrong = {name for name, parameter in parameters if parameter is not None and self._wrong_value(parameter, name)}
        for name in tuple(wrong):  # a value may be wrong by the user's own name that it refers to
            wrong |= references(self._source(name) or SourceText()) - PARAMETERS.keys()
        assigned = {name: value for name, value in self._assigned.items() if name not in wrong}
        return self._derived(assigned, self._places, self._defaults) if wrong else self

    def differs(self, parameter: Parameter[object], name: str = "") -> bool:
        """Whether the parameter, or a transport's own `name` of it, is set to something else than the default."""
        name = name or parameter.name
        if name not in self._assigned:
            return False
        try:
            ours = str(self.expanded(name))
            default = SourceText.of(self._defaults.get(parameter.name, parameter.default))
            return ours != str(default if parameter.raw else expand(default, self._source))
        except ExpansionError:
            return True

    def _value(self, parameter: Parameter[_T], name: str) -> _T:
        cached: dict[str, _T] = self.__dict__
        key = parameter.attribute if name == parameter.name else f"for {name}"
        if key not in cached:
            try:
                cached[key] = parameter.parse(self.expanded(name))
            except ExpansionError as error:
                raise ConfigurationError([self._expansion_finding(name, error)]) from None
            except InvalidValueError as error:
                raise ConfigurationError([self._value_finding(name, error)]) from None
        return cached[key]

    def _source(self, name: str) -> SourceText | None:
        """The text of a name before expansion; None where it is neither set nor declared."""
        assigned = self._assigned.get(name)
        if assigned is not None:
            return assigned
        if name == "mydomain" and name not in self._defaults:
            return SourceText.of(self._own_domain())
        if name == "myhostname" and "." not in self._defaults.get(name, "."):
            return SourceText.of(
                f"{self._defaults[name] or 'localhost'}.{self._assigned.get('mydomain', 'localdomain')}"
            )
        if self._defaults.get(name):
            return SourceText.of(self._defaults[name])
        parameter = PARAMETERS.get(name)
        return SourceText.of(parameter.default) if parameter else None

    def _own_domain(self) -> str:
        """What follows the first label of myhostname. A myhostname made of mydomain does not help here."""
        host = expand(
            self._source("myhostname") or SourceText(), lambda name: self._source(name) if name != "mydomain" else None
        )
        return str(host).partition(".")[2] or "localdomain"

    def _wrong_value(self, parameter: Parameter[object], name: str) -> Finding | None:
        try:
            self._value(parameter, name)
        except ConfigurationError as error:
            return error.findings[0]
        return None

    def _value_finding(self, name: str, error: InvalidValueError) -> Finding:
        place = error.place or self.expanded(name).place() or self._places.get(name)
        hint = error.hint and f"{name} takes {error.hint}"
        return Finding("GP0012", Level.ERROR, f"{name}: {error.reason}", place, hint)

    def _expansion_finding(self, name: str, error: ExpansionError) -> Finding:
        place = error.place or self._places.get(name)
        return Finding("GP0011", Level.ERROR, f"{name}: {error.reason}", place)

    def _unknown_names(
        self, names: Iterable[str], services: Collection[str] | None, mentioned: Collection[str]
    ) -> Iterator[Finding]:
        texts = [str(value) for value in self._assigned.values()]
        used = set(mentioned).union(*(references(value) for value in self._assigned.values()))
        used.update(_MENTIONED_BY_DEFAULTS)
        used.update(str(self._source("smtpd_restriction_classes") or "").replace(",", " ").split())
        prefixes = table_prefixes(texts)
        for name in names:
            if name in PARAMETERS or name in used or per_transport(name, services) or name.startswith(prefixes):
                continue
            yield unknown_name(name, self._places.get(name), PARAMETERS)


PARAMETERS: Mapping[str, Parameter[object]] = declared(Settings)
"""Every declared parameter by its main.cf name."""

_MENTIONED_BY_DEFAULTS = frozenset().union(
    *(references(SourceText.of(parameter.default)) for parameter in PARAMETERS.values())
)


def _source(value: str | SourceText) -> SourceText:
    return SourceText.of(value) if isinstance(value, str) else value


def _unsupported(parameter: Parameter[object], name: str, place: Place | None) -> list[Finding]:
    """What to say of a set parameter, or a transport's own `name` of it, that has no effect here."""
    match parameter.support:
        case Support.FULL:
            return []
        case Support.NOTED:
            return [Finding("GP0014", Level.NOTE, f"{name} has no effect in Gatepost", place)]
        case Support.GUARDING:
            message = f"{name} is not supported; without it mail would pass that it stops or changes"
            return [Finding("GP0013", Level.ERROR, message, place, "remove the line if it is not needed")]
