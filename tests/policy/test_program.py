"""What a compiled program derives from the settings."""

from __future__ import annotations

import pytest

from gatepost.policy.facts import Stage
from gatepost.policy.program import Rule
from tests.fakes.policy import CLIENT, program


@pytest.mark.parametrize(
    ("main_cf", "address"),
    [
        ("", "double-bounce@mx.ohio.net"),
        ("myorigin = Ohio.net", "double-bounce@ohio.net"),
        ("address_verify_sender = Probe@x.example", "probe@x.example"),
        ("address_verify_sender =", ""),
        ("address_verify_sender = <>", ""),
    ],
)
def test_the_sender_of_address_probes(main_cf: str, address: str) -> None:
    assert address == program(main_cf).probe_sender


@pytest.mark.parametrize(
    ("protocols", "types"),
    [("ipv4", ("A",)), ("ipv6", ("AAAA",)), ("ipv6, ipv4", ("A", "AAAA")), ("all", ("A", "AAAA"))],
)
def test_record_types_of_addresses(protocols: str, types: tuple[str, ...]) -> None:
    assert types == program(f"inet_protocols = {protocols}").address_types


def test_permits_are_logged_only_on_request() -> None:
    assert program().permit_log is None
    assert program("smtpd_log_access_permit_actions = static:all").permit_log is not None


def test_the_client_s_label() -> None:
    assert program().client_label(CLIENT) == "c.example[192.0.2.50]"
    assert program("smtpd_client_port_logging = yes").client_label(CLIENT) == "c.example[192.0.2.50]:50000"


def test_a_rule_reads_as_it_is_written() -> None:
    async def check(_evaluation: object) -> None: ...

    rule = Rule("reject_rbl_client", "reject_rbl", check, "zen.example", warn_only=True)  # type: ignore[arg-type]  # any
    assert str(rule) == "warn_if_reject reject_rbl zen.example"


@pytest.mark.parametrize(
    ("main_cf", "stages"),
    [
        ("", {Stage.RCPT, Stage.VRFY, Stage.ETRN}),
        ("smtpd_data_restrictions = permit", {Stage.RCPT, Stage.VRFY, Stage.ETRN, Stage.DATA}),
        ("smtpd_end_of_data_restrictions = permit", {Stage.RCPT, Stage.VRFY, Stage.ETRN, Stage.END_OF_DATA}),
        ("smtpd_delay_reject = no", set(Stage) - {Stage.DATA, Stage.END_OF_DATA}),
    ],
)
def test_the_stages_at_which_there_is_something_to_decide(main_cf: str, stages: set[Stage]) -> None:
    assert stages == program(main_cf).due
