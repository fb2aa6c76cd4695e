"""Texts that are filled in for a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.policy.templates import SESSION_NAMES, Filter, TemplateError, UnknownNameError, fill, session_values
from tests.fakes.policy import Change, facts, settings

PRINTABLE = Filter(settings().smtpd_expansion_filter)


def filled(template: str, **changes: Change) -> str:
    known = facts(**changes)
    values = session_values(known, client="c", server_name="mx.ohio.net", recipient=known.recipient)
    return fill(template, values, PRINTABLE)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$client_address ${client_name} $(reverse_client_name)", "192.0.2.50 c.example r.example"),
        ("$client $client_port $server_name $helo_name", "c 50000 mx.ohio.net a"),
        ("$sender $sender_name $sender_domain", "a@b.example a b.example"),
        ("$recipient|$recipient_name|$recipient_domain", "kibuna@ohio.net|kibuna|ohio.net"),
        ("${helo_name?said hello}${localtime?never}", "said hello"),
        ("100$$", "100$"),
    ],
)
def test_names_are_replaced(template: str, text: str) -> None:
    assert text == filled(template)


def test_the_null_sender_shows_and_one_not_given_yet_does_not() -> None:
    assert filled("$sender|$sender_name|$sender_domain", sender="") == "<>|<>|"
    assert filled("$sender|$sender_name|$sender_domain", sender=None) == "||"


def test_what_a_client_says_is_filtered_and_never_looked_at_again() -> None:
    assert filled("$helo_name", helo="\r\n250 ok") == "__250 ok"
    assert filled("$sender_name", sender="aé@b.example") == "a__"
    assert filled("$sender_name", sender="$client_name@b.example") == "$client_name"
    assert filled("$helo_name", helo="\udcff") == "_"


def test_an_unknown_name_is_an_error_even_in_a_branch_taken() -> None:
    with pytest.raises(UnknownNameError, match='unknown macro name "nosuch" in expansion request'):
        filled("$nosuch")
    with pytest.raises(UnknownNameError):
        filled("${helo_name?$nosuch}")


def test_a_malformed_template_is_an_error() -> None:
    with pytest.raises(TemplateError):
        filled("${client")


@pytest.mark.parametrize(
    ("text", "value", "clean"),
    [
        (r"abc", "abcd", "abc_"),
        (r"\t\40a", "a\t b", "a\t _"),
        (r"\\", "\\x", "\\_"),
        (r"\x", "x", "x"),
    ],
)
def test_the_filter_has_escapes(text: str, value: str, clean: str) -> None:
    assert clean == Filter(text).clean(value)


def test_all_session_names_have_a_value() -> None:
    values = session_values(facts(), client="c", server_name="x", recipient=None)
    assert tuple(sorted(values)) == tuple(sorted(SESSION_NAMES))


@given(st.text())
def test_nothing_unprintable_comes_through(text: str) -> None:
    clean = PRINTABLE.clean(text)
    assert clean.isascii()
    assert clean.replace("\t", "").isprintable()
