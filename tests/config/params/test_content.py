"""What is done with content."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings

SETTINGS = Settings.parse("", host_name="mx.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("header_size_limit", 102400),
        ("hopcount_limit", 50),
        ("header_checks", ()),
        ("content_filter", ""),
        ("body_checks_size_limit", 51200),
    ],
)
def test_defaults(name: str, value: object) -> None:
    assert value == getattr(SETTINGS, name)


def test_patterns_for_headers_are_shared_by_default() -> None:
    settings = Settings.parse("header_checks = pcre:/h\n")
    assert (("pcre:/h",), ("pcre:/h",)) == (settings.mime_header_checks, settings.nested_header_checks)
