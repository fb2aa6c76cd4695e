"""MTA-STS records and policies; the examples of RFC 8461 sections 3.1 and 3.2 among them."""

from __future__ import annotations

import pytest

from gatepost.tls.mta_sts import MAX_AGE, Mode, StsPolicy, parse_policy, record_identity

EXAMPLE = """\
version: STSv1
mode: enforce
mx: mail.example.com
mx: *.example.net
mx: backupmx.example.com
max_age: 604800
""".replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("records", "identity"),
    [
        (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        (["v=STSv1;id=a"], "a"),
        (["v=STSv1; x=y; id = a1 ; z=1"], "a1"),
        (["v=spf1 -all", "v=STSv1; id=a"], "a"),
        (["v=STSv1; id=a", "v=STSv1; id=b"], ""),
        (["v=STSv1; id="], ""),
        (["v=STSv1; id=a-b;"], ""),
        (["v=STSv1; x=id=a"], ""),
        (["v=STSv12; id=a"], ""),
        (["v=STSv1 id=a"], ""),
        ([], ""),
    ],
)
def test_the_record_has_an_identity(records: list[str], identity: str) -> None:
    assert identity == record_identity(records)


def test_the_example_of_the_rfc() -> None:
    patterns = ("mail.example.com", "*.example.net", "backupmx.example.com")
    assert StsPolicy("example.com", "1", Mode.ENFORCE, patterns, 604800) == parse_policy(EXAMPLE, "example.com", "1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: STSv1\nmode: none\nmax_age: 60", StsPolicy("d", "1", Mode.NONE, (), 60)),
        ("version:STSv1\nmode:testing\nmx:a.b\nmax_age:0\n\n", StsPolicy("d", "1", Mode.TESTING, ("a.b",), 0)),
        (
            "mx: a\nversion: STSv1\nmode: enforce\nmode: none\nx: y\nmax_age: 9999999999",
            StsPolicy("d", "1", Mode.ENFORCE, ("a",), MAX_AGE),
        ),
    ],
)
def test_policies(text: str, expected: StsPolicy) -> None:
    assert expected == parse_policy(text, "d", "1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "version: STSv1"),
        ("<html>", "without a colon"),
        (EXAMPLE.replace("STSv1", "STSv2"), "version: STSv1"),
        (EXAMPLE.replace("enforce", "Enforce"), "mode is none of"),
        (EXAMPLE.replace("604800", "a week"), "max_age is no number"),
        (EXAMPLE.replace("604800", "-1"), "max_age is no number"),
        (EXAMPLE.replace("604800", "\u0661"), "max_age is no number"),
        (EXAMPLE.replace("604800", "60480000000"), "max_age is no number"),
        (EXAMPLE.replace("*.example.net", "*example.net"), "mx is no name"),
        (EXAMPLE.replace("*.example.net", "a.*.net"), "mx is no name"),
        (EXAMPLE.replace("*.example.net", ""), "mx is no name"),
        ("version: STSv1\nmode: testing\nmax_age: 60", "names no mx"),
    ],
)
def test_a_text_that_is_wrong_is_no_policy(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_policy(text, "d", "1")


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("mx1.example.net", True),
        ("a.mx1.example.net", False),
        ("example.net", False),
        (".example.net", False),
        ("other.example.com", False),
    ],
)
def test_hosts_of_a_policy(host: str, covered: bool) -> None:
    assert covered is parse_policy(EXAMPLE, "example.com", "1").covers(host)


def test_a_policy_has_lines_for_reports() -> None:
    assert EXAMPLE.splitlines() == list(parse_policy(EXAMPLE, "d", "1").lines)
