"""The replies of DNS lists."""

from __future__ import annotations

import pytest

from gatepost.policy.dnslists import reversed_address
from tests.fakes.policy import Answer, Change, ask

ZONE = {"50.2.0.192.zen.example": "A 127.0.0.2; TXT listed here"}


def blocked(main_cf: str, **more: Change) -> Answer:
    return ask(f"{main_cf}\nsmtpd_client_restrictions = reject_rbl_client zen.example", zone=ZONE, **more)


@pytest.mark.parametrize(
    ("address", "reversed_"),
    [
        ("192.0.2.50", "50.2.0.192"),
        ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"),
    ],
)
def test_how_an_address_is_asked_for(address: str, reversed_: str) -> None:
    assert reversed_ == reversed_address(address)


@pytest.mark.parametrize(
    ("template", "reply"),
    [
        (
            "$rbl_code Blocked: $rbl_class [$rbl_what] by $rbl_domain${rbl_reason?; $rbl_reason} ($client)",
            "554 5.7.1 Blocked: Client host [192.0.2.50] by zen.example; listed here (c.example[192.0.2.50])",
        ),
        ("450 4.7.99 later", "450 4.7.99 later"),
        ("450 5.7.99 later", "450 4.7.99 later"),
        ("421 bye", "421 4.7.1 bye"),
        ("554 5.1.2 $recipient", "554 5.0.0 kibuna@ohio.net"),
    ],
)
def test_the_reply_is_a_template(template: str, reply: str) -> None:
    assert reply == blocked(f"default_rbl_reply = {template}").reply


@pytest.mark.parametrize("template", ["hello", "250 2.0.0 fine", "5540 x", "554"])
def test_a_reply_that_does_not_refuse_is_replaced(template: str) -> None:
    answer = blocked(f"default_rbl_reply = {template}")
    assert answer.reply == "450 4.7.1 Service unavailable"
    assert answer.log[0] == f"warning: rbl response code configuration error: {template}"


def test_the_code_is_a_setting() -> None:
    assert blocked("maps_rbl_reject_code = 450").reply.startswith("450 4.7.1 Service unavailable; Client host")


def test_each_list_may_have_a_reply_of_its_own() -> None:
    lists = (
        "rbl_reply_maps = hash:/replies\nsmtpd_client_restrictions = "
        "warn_if_reject reject_rbl_client zen.example=127.0.0.2, reject_rbl_client zen.example"
    )
    replies = {
        "zen.example=127.0.0.2": "554 5.7.1 filtered $rbl_what $rbl_txt at $rbl_domain",
        "zen.example": "$rbl_code mapped $rbl_class ${client_name} $recipient $sender $helo_name",
    }
    answer = ask(lists, zone=ZONE, tables={"hash:/replies": replies})
    assert "554 5.7.1 filtered 192.0.2.50 listed here at zen.example;" in answer.log[0]
    assert answer.reply == "554 5.7.1 mapped Client host c.example kibuna@ohio.net a@b.example a"


def test_a_mapped_reply_that_cannot_be_filled_in_gives_way_to_the_default() -> None:
    answer = blocked("rbl_reply_maps = hash:/replies", tables={"hash:/replies": {"zen.example": "$rbl_text x"}})
    assert answer.reply.startswith("554 5.7.1 Service unavailable; Client host [192.0.2.50] blocked")
    assert answer.log[0] == 'warning: unknown macro name "rbl_text" in expansion request'


def test_what_a_list_says_of_a_client_is_cut_and_cleaned() -> None:
    zone = {"50.2.0.192.zen.example": "A 127.0.0.2; TXT " + "x" * 600}
    answer = ask("smtpd_client_restrictions = reject_rbl_client zen.example", zone=zone)
    assert len(answer.reply) == 510
    ugly = {"50.2.0.192.zen.example": "A 127.0.0.2; TXT a\x07b"}
    assert ask("smtpd_client_restrictions = reject_rbl_client zen.example", zone=ugly).reply.endswith("a_b")
