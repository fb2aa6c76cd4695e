"""OpenSSL's options by name."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.tls.options import OPTIONS, WORKAROUNDS, configured_options, parse_options


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ((), 0),
        (("NO_TICKET", "no_compression"), 0x24000),
        (("0x4000", "0X10"), 0x4010),
    ],
)
def test_options(words: tuple[str, ...], number: int) -> None:
    assert number == parse_options("tls_ssl_options", words, OPTIONS)


def test_workarounds_of_the_past_have_no_number() -> None:
    assert parse_options("tls_disable_workarounds", ("CVE-2010-4180", "TLS_D5_BUG"), WORKAROUNDS) == 0


@pytest.mark.parametrize("word", ["NO_SUCH", "0x", "12", "0x1g"])
def test_an_unknown_name_names_its_parameter(word: str) -> None:
    with pytest.raises(ValueError, match=f"^tls_ssl_options: unknown option {word}$"):
        parse_options("tls_ssl_options", (word,), OPTIONS)


def test_a_configuration() -> None:
    settings = Settings.parse("tls_ssl_options = NO_TICKET\ntls_disable_workarounds = TLSEXT_PADDING, 0x40\n")
    assert (0x4000, 0x50) == configured_options(settings)
