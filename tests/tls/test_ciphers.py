"""Cipher grades."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.tls.ciphers import cipher_list, grade_lists, graded_list

MEDIUM = "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH"


@pytest.mark.parametrize(
    ("text", "mandatory", "authenticated", "expected"),
    [
        ("", False, False, MEDIUM),
        ("", False, True, f"{MEDIUM}:!aNULL"),
        ("smtpd_tls_ciphers = high", False, False, "aNULL:-aNULL:HIGH:@STRENGTH"),
        ("smtpd_tls_ciphers = high", True, False, MEDIUM),
        ("smtpd_tls_exclude_ciphers = RC4, MD5", False, False, f"{MEDIUM}:!RC4:!MD5"),
        ("smtpd_tls_mandatory_exclude_ciphers = aNULL", False, False, MEDIUM),
        (
            "smtpd_tls_exclude_ciphers = MD5\nsmtpd_tls_mandatory_exclude_ciphers = aNULL",
            True,
            False,
            f"{MEDIUM}:!MD5:!aNULL",
        ),
        ("smtpd_tls_ciphers = export", False, False, MEDIUM),
    ],
)
def test_grades_and_exclusions_make_a_list(text: str, mandatory: bool, authenticated: bool, expected: str) -> None:
    settings = Settings.parse(text)
    assert expected == cipher_list(settings, "smtpd", mandatory=mandatory, authenticated=authenticated)


@pytest.mark.parametrize(
    ("grade", "excluded", "expected"),
    [
        ("high", "", "aNULL:-aNULL:HIGH:@STRENGTH"),
        ("High ", "A, B:C", "aNULL:-aNULL:HIGH:@STRENGTH:!A:!B:!C"),
        ("low", "", MEDIUM),
        ("null", "", "eNULL:!aNULL"),
    ],
)
def test_a_grade_without_what_is_excluded(grade: str, excluded: str, expected: str) -> None:
    assert expected == graded_list(grade, excluded, grade_lists(Settings.parse("")))


@pytest.mark.parametrize(
    ("grade", "excluded", "says"),
    [("foo", "", 'invalid cipher grade: "foo"'), ("high", "!MD5", "invalid unary '![+]-@' in cipher exclusion: !MD5")],
)
def test_what_is_no_grade_or_exclusion(grade: str, excluded: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        graded_list(grade, excluded, grade_lists(Settings.parse("")))
