"""Completing addresses. The results are those of Postfix 3.7.11."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.routing.rewrite import Rewriter

BASE = "compatibility_level = 3.6\nmyhostname = mx.ohio.net\n"


def rewriter(text: str = "") -> Rewriter:
    return Rewriter.of(Settings.parse(BASE + text))


PLAIN = rewriter()
FULL = rewriter("append_dot_mydomain = yes\nmyorigin = origin.example\nremote_header_rewrite_domain = rem.invalid\n")
BARE = rewriter("swap_bangpath = no\nallow_percent_hack = no\nappend_at_myorigin = no\n")


@pytest.mark.parametrize(
    ("address", "local", "remote"),
    [
        ("joe", "joe@mx.ohio.net", "joe"),
        ("joe@host", "joe@host", "joe@host"),
        ("joe@host.", "joe@host", "joe@host"),
        ("joe@host.dom.", "joe@host.dom", "joe@host.dom"),
        ("joe@host..", "joe@host..", "joe@host.."),
        ("joe@", "joe@", "joe@"),
        ("@", "@", "@"),
        ("@host", "@host", "@host"),
        ("@a:joe@b.c", "joe@b.c", "joe@b.c"),
        ("@a:joe", "joe@mx.ohio.net", "joe"),
        ("a!b", "b@a", "b@a"),
        ("a!b!c", "b!c@a", "b!c@a"),
        ("a!b@c", "a!b@c", "a!b@c"),
        ("a%b", "a@b", "a@b"),
        ("a%b%c", "a%b@c", "a%b@c"),
        ("a%b!c", "c@a%b", "c@a%b"),
        ("a!b%c", "b%c@a", "b%c@a"),
        ("a%", "a@", "a@"),
        ("%b", "@b", "@b"),
        ("!b", "b@", "b@"),
        ("", "", ""),
        ("a b", "a b@mx.ohio.net", "a b"),
        ("a b%c", "a b%c@mx.ohio.net", "a b%c"),
        ("a@b@c", "a@b@c", "a@b@c"),
        ("joe@[1.2.3.4]", "joe@[1.2.3.4]", "joe@[1.2.3.4]"),
        ("jöe@hö", "jöe@hö", "jöe@hö"),
    ],
)
def test_default_settings(address: str, local: str, remote: str) -> None:
    assert local == PLAIN.rewrite(address)
    assert remote == PLAIN.rewrite(address, local=False)


@pytest.mark.parametrize(
    ("address", "local", "remote"),
    [
        ("joe", "joe@origin.example", "joe@rem.invalid"),
        ("joe@host", "joe@host.ohio.net", "joe@host.rem.invalid"),
        ("joe@host.", "joe@host", "joe@host"),
        ("a!b", "b@a.ohio.net", "b@a.rem.invalid"),
        ("joe@[1.2.3.4]", "joe@[1.2.3.4]", "joe@[1.2.3.4]"),
        ("joe@", "joe@", "joe@"),
        ("@host", "@host.ohio.net", "@host.rem.invalid"),
    ],
)
def test_domains_are_appended(address: str, local: str, remote: str) -> None:
    assert local == FULL.rewrite(address)
    assert remote == FULL.rewrite(address, local=False)


@pytest.mark.parametrize("address", ["joe", "a!b", "a%b", "a%b!c"])
def test_nothing_is_done_where_all_is_switched_off(address: str) -> None:
    assert address == BARE.rewrite(address)


@pytest.mark.parametrize(
    ("address", "source", "written"),
    [
        ("joe@b.c", "joe@b.c", None),
        ("joe", "joe", "joe@mx.ohio.net"),
        ("a b@c", '"a b"@c', None),
        ("@host", "@host", '""@host'),
        ("@", "@", '""'),
        ("", "", None),
    ],
)
def test_headers_keep_what_needs_no_change(address: str, source: str, written: str | None) -> None:
    assert written == PLAIN.rewritten_header(address, source, local=True)
