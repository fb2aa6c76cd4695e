"""Entries of master.cf."""

from __future__ import annotations

import pytest

from gatepost.config.master import Entry, known_ports, parse_master, split_endpoint


def one(text: str) -> Entry:
    (entry,), findings = parse_master(text)
    assert () == findings
    return entry


def test_an_entry_has_its_fields() -> None:
    entry = one("smtp inet n - y - 10 smtpd\n")
    assert ("smtp", "inet", False, True, True, 0, 10, "smtpd") == (
        entry.name,
        entry.type,
        entry.private,
        entry.unprivileged,
        entry.chroot,
        entry.wakeup,
        entry.maxproc,
        entry.command,
    )
    assert "master.cf:1:1" == str(entry.place)


def test_a_dash_is_the_default() -> None:
    entry = one("x unix - - - - - local\n")
    assert (True, True, None, 0, None) == (
        entry.private,
        entry.unprivileged,
        entry.chroot,
        entry.wakeup,
        entry.maxproc,
    )


def test_a_wakeup_may_wait_for_the_first_use() -> None:
    assert 1000 == one("tlsmgr unix - - n 1000? 1 tlsmgr\n").wakeup


@pytest.mark.parametrize(
    ("arguments", "overrides", "args"),
    [
        ("", {}, ()),
        ("-v -v", {}, ("-v", "-v")),
        ("-o a=b", {"a": "b"}, ()),
        ("-oa=b", {"a": "b"}, ()),
        ("-o a=", {"a": ""}, ()),
        ("-o a=b=c", {"a": "b=c"}, ()),
        ("-o { a = b c }", {"a": "b c"}, ()),
        ("-o {a=b}", {"a": "b"}, ()),
        ("-o { a = regexp:{{/^x/ REJECT}} }", {"a": "regexp:{{/^x/ REJECT}}"}, ()),
        ("-o a=1 -v -o a=2 -o b=$a", {"a": "2", "b": "$a"}, ("-v",)),
        ("-o a=permit,reject", {"a": "permit,reject"}, ()),
        ("flags=R user=x argv=/bin/y -o z {a b}", {}, ("flags=R", "user=x", "argv=/bin/y", "-o", "z", "a b")),
    ],
)
def test_arguments(arguments: str, overrides: dict[str, str], args: tuple[str, ...]) -> None:
    entry = one(f"x unix - - n - - pipe {arguments}\n")
    assert (overrides, args) == ({name: str(text) for name, text in entry.overrides.items()}, entry.args)


def test_lines_continue_and_comments_count_for_nothing() -> None:
    entry = one("# c\nsubmission inet n - n - - smtpd\n  -o a=1\n# -o b=2\n\n  -o { c = 3 }\n")
    assert {"a": "master.cf:3:8", "c": "master.cf:6:12"} == {
        name: str(text.place()) for name, text in entry.overrides.items()
    }


def test_an_empty_override_has_a_place_too() -> None:
    entry = one("x unix - - n - - smtpd -o a=\n")
    assert entry.overrides["a"].place() is not None


def test_the_last_entry_of_a_name_and_type_counts() -> None:
    entries, findings = parse_master("a inet n - n - - smtpd\na unix - - n - - smtp\na inet n - n - - smtpd -v\n")
    assert [("a", "inet", ("-v",)), ("a", "unix", ())] == [(one.name, one.type, one.args) for one in entries]
    assert ["GP0202"] == [one.id for one in findings]


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("smtp inet n - n - -", '19 GP0203 the field "command" is missing'),
        ("smtp", '1 GP0203 the field "type" is missing'),
        ("- inet n - n - - smtpd", '1 GP0203 the field "name" has no default'),
        ("smtp tcp n - n - - smtpd", "6 GP0204 unknown service type 'tcp'"),
        ("smtp inet no - n - - smtpd", "11 GP0203 bad value 'no'"),
        ("smtp inet n - n x - smtpd", "17 GP0203 bad value 'x' of the field \"wakeup\""),
        ("smtp inet n - n - x smtpd", "19 GP0203 bad value 'x' of the field \"maxproc\""),
        ("smtp inet - - n - - smtpd", "11 GP0205 smtp: an inet service cannot be private"),
        ("smtp inet n - n - - smtpd -o a", "27 GP0206 -o a: missing '=' after the name"),
        ("smtp inet n - n - - smtpd -o", "27 GP0206 -o : missing '=' after the name"),
        ("smtp inet n - n - - smtpd -o a = b", "27 GP0206 -o a: missing '=' after the name"),
        (" smtp inet n - n - - smtpd", "1 GP0201 the first line begins with a blank; it is left out"),
    ],
)
def test_faults(line: str, finding: str) -> None:
    _, findings = parse_master(line + "\n")
    assert finding in [f"{one.place.column} {one.id} {one.message}" for one in findings if one.place]


def test_all_faults_are_found() -> None:
    _, findings = parse_master("a\nb tcp x - n - - c\n")
    assert ["GP0203", "GP0204", "GP0203"] == [one.id for one in findings]


@pytest.mark.parametrize(
    ("name", "host", "port"),
    [
        ("25", "", "25"),
        ("submission", "", "submission"),
        (":25", "", "25"),
        ("127.0.0.1:smtp", "127.0.0.1", "smtp"),
        ("[::1]:25", "::1", "25"),
        ("::1:25", "::1", "25"),
        ("mx.example:25", "mx.example", "25"),
    ],
)
def test_names_of_inet_services(name: str, host: str, port: str) -> None:
    assert (host, port) == split_endpoint(name)


def test_known_ports() -> None:
    words = ("lmtp=24", "smtps=submissions=465", "broken", "x=y")
    assert {"lmtp": 24, "smtps": 465, "submissions": 465} == known_ports(words)
