"""Services of master.cf."""

from __future__ import annotations

import pytest

from gatepost.config.master import parse_master
from gatepost.config.services import HostNames, Service, build_service, command_findings, enabled, references_of
from gatepost.config.settings import Settings

HOSTS = {"127.0.0.1": ("127.0.0.1",), "::1": ("::1",), "mx.example": ("192.0.2.1", "2001:db8::1")}
PORTS = {"ssh": 22}
NAMES = HostNames(PORTS.get, lambda host: HOSTS.get(host, ()), ("0.0.0.0", "::"))


def build(line: str, main: str = "") -> tuple[Service, list[str]]:
    (entry,), _ = parse_master(line)
    service, findings = build_service(entry, Settings.parse(main), NAMES)
    return service, [f"{one.level.value} {one.id}" for one in findings]


@pytest.mark.parametrize(
    ("name", "endpoints"),
    [
        ("smtp", (("0.0.0.0", 25), ("::", 25))),
        ("submission", (("0.0.0.0", 587), ("::", 587))),
        ("submissions", (("0.0.0.0", 465), ("::", 465))),
        ("ssh", (("0.0.0.0", 22), ("::", 22))),
        ("2525", (("0.0.0.0", 2525), ("::", 2525))),
        (":25", (("0.0.0.0", 25), ("::", 25))),
        ("127.0.0.1:25", (("127.0.0.1", 25),)),
        ("[::1]:smtp", (("::1", 25),)),
        ("mx.example:25", (("192.0.2.1", 25), ("2001:db8::1", 25))),
    ],
)
def test_endpoints(name: str, endpoints: tuple[tuple[str, int], ...]) -> None:
    service, findings = build(f"{name} inet n - n - - smtpd\n")
    assert (endpoints, []) == (service.endpoints, findings)


@pytest.mark.parametrize(
    ("name", "finding"),
    [("nothing", "error GP0207"), ("70000", "error GP0207"), ("0", "error GP0207"), ("nowhere:25", "error GP0208")],
)
def test_endpoints_that_cannot_be(name: str, finding: str) -> None:
    service, findings = build(f"{name} inet n - n - - smtpd\n")
    assert ((), [finding]) == (service.endpoints, findings)


def test_overrides_win_and_know_their_service() -> None:
    line = "submission inet n - n - - smtpd -o syslog_name=postfix/$service_name -o mail_name=x\n"
    service, findings = build(line, "mail_name = y\n")
    assert ("postfix/submission", "x", "smtpd", []) == (
        service.settings.syslog_name,
        service.settings.mail_name,
        service.settings.text("process_name"),
        findings,
    )


def test_wrong_overrides_are_found() -> None:
    _, findings = build("smtp inet n - n - - smtpd -o smtpd_helo_required=perhaps -o colour=red\n")
    assert ["warning GP0010", "error GP0012"] == findings


@pytest.mark.parametrize(
    ("line", "main", "wrapped", "findings"),
    [
        ("smtps inet n - n - - smtpd", "", True, []),
        ("submissions inet n - n - - smtpd", "", True, []),
        ("127.0.0.1:465 inet n - n - - smtpd", "", True, []),
        ("465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes", "", True, []),
        ("465 inet n - n - - smtpd -o smtpd_tls_wrappermode=no", "", False, ["warning GP0209"]),
        ("465 inet n - n - - smtpd", "smtpd_tls_wrappermode = no\n", False, ["warning GP0209"]),
        ("smtp inet n - n - - smtpd", "", False, []),
        ("2465 inet n - n - - smtpd", "", False, []),
        ("smtps inet n - n - - spawn", "", False, []),
    ],
)
def test_port_465_begins_with_tls(line: str, main: str, wrapped: bool, findings: list[str]) -> None:
    service, found = build(line + "\n", main)
    assert (wrapped, findings) == (service.settings.smtpd_tls_wrappermode, found)


def test_commands_that_are_not_run_are_told() -> None:
    entries, _ = parse_master(
        "smtp inet n - n - - smtpd\npickup unix n - n 60 1 pickup\nqmgr unix n - n 300 1 qmgr\n"
        "policy unix - n n - - spawn argv=/x\nsmtp pass - - n - - postscreen\n628 inet n - n - - qmqpd\n"
    )
    assert [
        "note GP0210 Gatepost does the work of these itself: pickup, qmgr",
        "note GP0212 policy: spawn is not supported",
        "error GP0211 smtp: postscreen is not supported, so its port would stay closed",
        "error GP0211 628: qmqpd is not supported, so its port would stay closed",
    ] == [f"{one.level.value} {one.id} {one.message}" for one in command_findings(entries)]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ([], ["smtp/inet", "smtp/unix", "x/inet"]),
        (["inet"], ["smtp/unix"]),
        (["smtp/inet"], ["smtp/unix", "x/inet"]),
        (["smtp.unix"], ["smtp/inet", "x/inet"]),
        (["!x/inet", "inet"], ["smtp/unix", "x/inet"]),
        (["smtp"], ["smtp/inet", "smtp/unix", "x/inet"]),
    ],
)
def test_services_can_be_disabled(words: list[str], left: list[str]) -> None:
    entries, _ = parse_master("smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\nx inet n - n - - smtpd\n")
    assert left == [f"{one.name}/{one.type}" for one in enabled(entries, words)]


def test_references_of_overrides() -> None:
    entries, _ = parse_master("smtp inet n - n - - smtpd -o a=$b\n")
    assert {"smtp/a": "$b"} == {name: str(text) for name, text in references_of(entries).items()}
