"""Kinds of parameters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.param import (
    GUARDING,
    InvalidValueError,
    Parameter,
    Support,
    boolean,
    choice,
    declared,
    duration,
    hosts,
    integer,
    restrictions,
    size,
    tables,
    text,
    words,
)
from gatepost.config.source import SourceText


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (integer("1"), "0", 0),
        (integer("1"), "+7", 7),
        (integer("1", minimum=-5), "-5", -5),
        (size("1"), "10240000", 10240000),
        (boolean("no"), "yes", True),
        (boolean("no"), "NO", False),
        (duration("5d"), "2", timedelta(days=2)),
        (duration("5d"), "2h", timedelta(hours=2)),
        (duration("1s"), "3 m", timedelta(minutes=3)),
        (duration("1s"), "1week", timedelta(weeks=1)),
        (duration("0h"), "4", timedelta(hours=4)),
        (duration("${stress?{10}:{300}}s"), "7", timedelta(seconds=7)),
        (duration("$smtpd_timeout"), "7", timedelta(seconds=7)),
        (duration("1s", unit="m"), "7", timedelta(minutes=7)),
        (text(""), " any $thing ", " any $thing "),
        (choice("", "", "may", "encrypt"), "MAY", "may"),
        (choice("", "", "may", "encrypt"), "", ""),
        (words(""), "a, b  c", ("a", "b", "c")),
        (tables(""), "hash:/a inline:{x=y, {z = 1 2}}", ("hash:/a", "inline:{x=y, {z = 1 2}}")),
        (hosts(""), "127.0.0.0/8, !/file", ("127.0.0.0/8", "!/file")),
        (restrictions(""), "permit_mynetworks, reject", ("permit_mynetworks", "reject")),
    ],
)
def test_values(parameter: Parameter[object], given: str, value: object) -> None:
    assert value == parameter.parse(SourceText.of(given))


@pytest.mark.parametrize(
    ("parameter", "given", "reason"),
    [
        (integer("1"), "many", "'many' is not a whole number"),
        (integer("1"), "", "'' is not a whole number"),
        (integer("1"), "1k", "'1k' is not a whole number"),
        (integer("1"), "٣", "'٣' is not a whole number"),
        (integer("1", minimum=1), "0", "0 is out of range"),
        (integer("450", minimum=200, maximum=599), "600", "600 is out of range"),
        (boolean("no"), "true", "'true' is neither yes nor no"),
        (duration("1s"), "x", "'x' is not a time"),
        (duration("1s"), "", "'' is not a time"),
        (duration("1s"), "-1s", "'-1s' is not a time"),
        (duration("1s"), "5y", "'y' is not a unit of time"),
        (duration("1s"), "999999999999999999w", "'999999999999999999w' is too long a time"),
        (text("a", required=True), "", "the value must not be empty"),
        (choice("", "", "may"), "maybe", "'maybe' is not one of the values"),
        (tables(""), "hash:/a /etc/b", "'/etc/b' is not a lookup table"),
    ],
)
def test_what_is_no_value(parameter: Parameter[object], given: str, reason: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parameter.parse(SourceText.of(given))
    assert reason == caught.value.reason
    assert caught.value.hint


@pytest.mark.parametrize(
    ("parameter", "expectation"),
    [
        (integer("1"), "a whole number"),
        (integer("1", minimum=1), "a whole number from 1"),
        (integer("1", minimum=1, maximum=9), "a whole number from 1 to 9"),
        (boolean("no"), "yes or no"),
        (duration("5d"), "a number and a unit: s, m, h, d or w (d where none is given)"),
        (text(""), ""),
        (text("a", required=True), "a text that is not empty"),
        (choice("", "", "may"), "one of (empty), may"),
        (words(""), "words, separated by commas or blanks"),
        (tables(""), "lookup tables, type:name, separated by commas or blanks"),
        (restrictions(""), "restrictions, separated by commas or blanks"),
        (hosts(""), "host names, addresses and networks; also !pattern, /file, type:table"),
    ],
)
def test_what_is_expected(parameter: Parameter[object], expectation: str) -> None:
    assert expectation == parameter.expectation()


class Base:
    zebra = boolean("no", doc="Stripes.")


class Derived(Base):
    apples = integer("3", support=GUARDING)
    _2pears = text("x", name="2pears", raw=True)
    other = 5


def test_declarations_are_found_by_their_main_cf_names() -> None:
    found = declared(Derived)
    assert ["2pears", "apples", "zebra"] == list(found)
    assert ("_2pears", True) == (found["2pears"].attribute, found["2pears"].raw)


def test_a_declaration_is_read_from_the_class() -> None:
    assert (Support.GUARDING, "3", "apples") == (Derived.apples.support, Derived.apples.default, Derived.apples.name)
    assert (Support.FULL, "Stripes.") == (Derived.zebra.support, Derived.zebra.doc)
