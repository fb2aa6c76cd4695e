"""A parameter that claims to be in effect is read somewhere, and one that is read says so.

A reader is `settings.name`, the name in a text, or a text with gaps (`f"{prefix}_tls_CAfile"`) that the name fits; and
for a transport's own setting, a reader of the one for all of them. This cannot show that what is read has its effect;
the tests of the reader do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gatepost.config.expand import references
from gatepost.config.names import general_name
from gatepost.config.param import FULL, Parameter
from gatepost.config.settings import PARAMETERS
from gatepost.config.source import SourceText

SOURCE = Path(__file__).parents[2] / "src" / "gatepost"

FOR_TEXTS = {
    "compatibility_level": "defaults are made of it",
    "mail_release_date": "for banners and headers that say `$mail_release_date`",
    "mail_version": "for banners and headers that say `$mail_version`",
}
"""Parameters that only texts of main.cf refer to, and why there are such."""

FOR_CLIENTS = ("delivery/rules.py", "smtp/client_values.py")
"""Modules that know the parameters of both smtp and lmtp by the rest of their names."""

NOT_READ = {
    "canonical_maps": "the unlisted-sender test knows it, rewriting does not",
    "recipient_canonical_maps": "the unlisted-recipient test knows it, rewriting does not",
    "sender_canonical_maps": "the unlisted-sender test knows it, rewriting does not",
    "smtpd_proxy_filter": "FILTER results name it in a warning",
    "smtpd_tls_eecdh_grade": "OpenSSL's own curves, whatever it says",
}
"""Parameters not in effect whose names are in the source all the same."""


class Readers:
    """What the source reads by name."""

    def __init__(self) -> None:
        self.exact: set[str] = set()
        self.gaps: set[str] = set()
        self.settings: set[str] = set()
        for path in sorted(SOURCE.rglob("*.py")):
            if "params" not in path.parts and path.name != "names.py":
                self._look_at(path)

    def _look_at(self, path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"))
        prefixes = ["smtp", "lmtp"] if str(path).endswith(FOR_CLIENTS) else []
        silent = {id(part) for node in ast.walk(tree) for part in _not_texts(node)}
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=value, attr=name, ctx=ast.Load()):
                    self.exact.add(name)
                    if ast.unparse(value).endswith(("settings", "scope")):
                        self.settings.add(name)
                case ast.Constant(value=str(text)) if id(node) not in silent:
                    self.exact.update((text, *(f"{prefix}_{text}" for prefix in prefixes)))
                case ast.JoinedStr(values=values):
                    self._template("".join(map(_gap, values)), prefixes)

    def _template(self, text: str, prefixes: list[str]) -> None:
        if re.search(r"[a-z]{3}", text.replace(_GAP, "")) and " " not in text:
            self.gaps.update((text, *(f"{prefix}_{text}" for prefix in prefixes)))

    def reads(self, parameter: Parameter[object]) -> bool:
        """Whether anything in the source may read it."""
        names = {parameter.name, parameter.attribute, general_name(parameter.name) or parameter.name}
        return bool(names & self.exact) or any(re.fullmatch(gap, parameter.name) for gap in self.gaps)


_GAP = "[A-Za-z0-9_]*"


def _gap(value: ast.expr) -> str:
    return re.escape(str(value.value)) if isinstance(value, ast.Constant) else _GAP


def _not_texts(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, and the pieces of texts with gaps."""
    match node:
        case ast.Expr(value=ast.Constant() as text):
            yield text
        case ast.JoinedStr(values=values):
            yield from values
        case _:
            pass


@cache
def readers() -> Readers:
    return Readers()


def referred_to() -> set[str]:
    """Names in the defaults of parameters that are in effect."""
    full = (parameter for parameter in PARAMETERS.values() if parameter.support is FULL)
    return set().union(*(references(SourceText.of(parameter.default)) for parameter in full))


def test_what_is_in_effect_is_read() -> None:
    full = [parameter for parameter in PARAMETERS.values() if parameter.support is FULL]
    known = referred_to() | FOR_TEXTS.keys()
    assert [] == [one.name for one in full if one.name not in known and not readers().reads(one)]


def test_what_is_said_to_have_no_effect_is_not_read() -> None:
    others = [parameter for parameter in PARAMETERS.values() if parameter.support is not FULL]
    assert [] == [one.name for one in others if one.attribute in readers().settings and one.name not in NOT_READ]


def test_the_exceptions_are_needed() -> None:
    assert all(not readers().reads(PARAMETERS[name]) for name in FOR_TEXTS)
    assert all(PARAMETERS[name].support is not FULL for name in NOT_READ)
