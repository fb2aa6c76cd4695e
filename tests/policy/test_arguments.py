"""What the next word of a list is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.policy.arguments import CertificateTable, DnsList, Seconds, Table
from gatepost.policy.registry import BadArgumentError


@pytest.mark.parametrize("word", ["hash:/x", "inline:{a=b}", "proxy:hash:/x"])
def test_a_table_is_a_word_with_a_colon(word: str) -> None:
    assert Table.parse("check_client_access", word).spec == word


@pytest.mark.parametrize(("word", "shown"), [("nocolon", "nocolon"), (None, "check_client_access")])
def test_other_words_are_no_table(word: str | None, shown: str) -> None:
    complaint = f'restriction check_client_access: bad argument "{shown}": need maptype:mapname'
    with pytest.raises(BadArgumentError, match=complaint) as caught:
        Table.parse("check_client_access", word)
    assert not caught.value.skipped
    assert not caught.value.fatal


@pytest.mark.parametrize(
    ("word", "spec", "order"),
    [
        ("hash:/x", "hash:/x", ("cert_fingerprint", "pubkey_fingerprint")),
        ("{ hash:/x }", "hash:/x", ("cert_fingerprint", "pubkey_fingerprint")),
        ("{hash:/x, {search_order = pubkey_fingerprint}}", "hash:/x", ("pubkey_fingerprint",)),
        (
            "{ hash:/x, { search_order = pubkey_fingerprint, cert_fingerprint } }",
            "hash:/x",
            ("pubkey_fingerprint", "cert_fingerprint"),
        ),
    ],
)
def test_a_table_for_certificates_has_a_search_order(word: str, spec: str, order: tuple[str, ...]) -> None:
    made = CertificateTable.parse("check_ccert_access", word)
    assert (made.spec, made.search_order) == (spec, order)


@pytest.mark.parametrize("word", [None, "x", "{ x }", "{ hash:/x, { search_order = subject_cn } }"])
def test_names_in_a_certificate_are_not_looked_up(word: str | None) -> None:
    with pytest.raises(BadArgumentError):
        CertificateTable.parse("check_ccert_access", word)


def test_seconds_are_digits() -> None:
    assert Seconds.parse("sleep", "12").count == 12
    for word in (None, "", "x", "1x", "-1", "٣"):
        with pytest.raises(BadArgumentError, match="restriction sleep must be followed by number"):
            Seconds.parse("sleep", word)


@pytest.mark.parametrize(
    ("word", "yes", "no"),
    [
        ("zen.example", "127.0.0.2", ""),
        ("zen.example=127.0.0.2", "127.0.0.2", "127.0.0.3"),
        ("zen.example=127.0.0.[1;3..5]", "127.0.0.4", "127.0.0.2"),
        ("zen.example=127.[0..255].[0..255].255", "127.3.4.255", "127.3.4.5"),
        ("zen.example=[127;10].0.0.1", "10.0.0.1", "11.0.0.1"),
    ],
)
def test_a_dns_list_may_count_only_some_addresses(word: str, yes: str, no: str) -> None:
    made = DnsList.parse("reject_rbl_client", word)
    assert (made.domain, made.key) == ("zen.example", word)
    assert made.accepts(yes)
    assert not no or not made.accepts(no)


@pytest.mark.parametrize(
    "pattern", ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", "256.0.0.1", "1.2.3.[5..3]", "1.2.3.[]", "1.2.3.x", "1..2.3"]
)
def test_a_pattern_that_is_none_stops_the_start(pattern: str) -> None:
    with pytest.raises(BadArgumentError) as caught:
        DnsList.parse("reject_rbl_client", f"zen.example={pattern}")
    assert caught.value.fatal


def test_a_list_without_a_name_is_skipped() -> None:
    with pytest.raises(BadArgumentError, match="requires domain name argument") as caught:
        DnsList.parse("reject_rbl_client", None)
    assert caught.value.skipped


@given(st.text())
def test_any_text_is_a_list_or_a_bad_argument(text: str) -> None:
    try:
        made = DnsList.parse("reject_rbl_client", text)
    except BadArgumentError:
        return
    made.accepts("127.0.0.1")
