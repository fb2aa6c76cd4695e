"""Macros of local delivery."""

from __future__ import annotations

import pytest

from gatepost.config.expand import ExpansionError
from gatepost.delivery.macros import expanded, filtered

VALUES = {"user": "joe", "extension": "", "home": "/home/joe", "evil": "$(id);../x y"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$user@x", "joe@x"),
        ("${home}/.forward${extension?+$extension}", "/home/joe/.forward"),
        ("${extension?{a}:{b}}", "b"),
        ("${user:none}$nothing", ""),
        ("$(user)$$", "joe$"),
        ("$evil", "$(id);../x y"),
    ],
)
def test_expansion(text: str, result: str) -> None:
    assert result == expanded(text, VALUES)


def test_values_keep_only_what_is_allowed() -> None:
    assert expanded("$home/$evil;", VALUES, "abcdehijmo/") == "/home/joe/__id____/___;"
    assert filtered("a$b", "ab") == "a_b"


def test_a_malformed_text_is_told() -> None:
    with pytest.raises(ExpansionError):
        expanded("${user", VALUES)
