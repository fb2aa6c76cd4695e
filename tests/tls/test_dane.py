"""Chains against TLSA records, with certificates that are signed for the purpose."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gatepost.mail.tlsa import Tlsa
from gatepost.tls.dane import CERTIFICATE, FULL, KEY, Match, find_match, is_supported, selected, strongest, usable
from tests.fakes.certificates import Issued, authority, issue, read_pem, signed_by

ROOT = authority()
MIDDLE = signed_by(ROOT, "Middle CA", is_authority=True)
LEAF = signed_by(MIDDLE, "mx.example")
EXPIRED = signed_by(ROOT, "mx.example", days=-1)
FORGED = signed_by(signed_by(issue("Middle CA", by_authority=False), "Middle CA"), "mx.example")
NO_AUTHORITY = signed_by(signed_by(ROOT, "Middle CA"), "mx.example")
STRANGER = issue("Other CA", by_authority=False)
BOTH = ("sha512", "sha256")


def record(issued: Issued, usage: int, selector: int, matching: int) -> Tlsa:
    data = selected(read_pem(issued), selector)
    if matching:
        data = hashlib.new({1: "sha256", 2: "sha512"}[matching], data).digest()
    return Tlsa(usage, selector, matching, data)


def chain(*issued: Issued) -> list[x509.Certificate]:
    return [read_pem(one) for one in issued]


@pytest.mark.parametrize("selector", [CERTIFICATE, KEY])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_an_end_entity_is_known_by_any_form_of_its_record(selector: int, matching: int) -> None:
    good = record(LEAF, 3, selector, matching)
    assert Match(good, 0) == find_match(chain(LEAF), [good])
    assert find_match(chain(FORGED), [good]) is None


def test_dates_and_issuers_of_an_end_entity_do_not_count() -> None:
    good = record(EXPIRED, 3, KEY, 1)
    assert Match(good, 0) == find_match(chain(EXPIRED, STRANGER), [good])


@pytest.mark.parametrize("selector", [CERTIFICATE, KEY])
@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize(("anchor", "depth"), [(MIDDLE, 1), (ROOT, 2)])
def test_a_trust_anchor_that_was_sent(anchor: Issued, depth: int, selector: int, matching: int) -> None:
    good = record(anchor, 2, selector, matching)
    found = find_match(chain(LEAF, MIDDLE, ROOT), [good])
    assert found is not None
    assert (good, depth) == (found.record, found.depth)


@pytest.mark.parametrize(("selector", "matching", "found"), [(0, 0, True), (1, 0, True), (0, 1, False), (1, 1, False)])
@pytest.mark.parametrize("sent", [(LEAF, MIDDLE), (signed_by(ROOT, "mx.example"),)])
def test_a_trust_anchor_that_was_not_sent_must_be_whole_in_its_record(
    sent: tuple[Issued, ...], selector: int, matching: int, found: bool
) -> None:
    good = record(ROOT, 2, selector, matching)
    assert (Match(good, len(sent)) if found else None) == find_match(chain(*sent), [good])


@pytest.mark.parametrize(
    ("what", "sent", "anchor"),
    [
        ("expired", (EXPIRED, ROOT), ROOT),
        ("expired, anchor not sent", (EXPIRED,), ROOT),
        ("a name is no signature", (FORGED, MIDDLE), MIDDLE),
        ("a name is no signature, further up", (FORGED, MIDDLE, ROOT), ROOT),
        ("the issuer is no authority", (NO_AUTHORITY, MIDDLE, ROOT), ROOT),
        ("the anchor has nothing to do with it", (LEAF, STRANGER), STRANGER),
        ("a link is missing", (LEAF, ROOT), ROOT),
        ("an anchor is not the server's own", (LEAF,), LEAF),
        ("nothing sent", (), ROOT),
    ],
)
@pytest.mark.parametrize("matching", [0, 1])
def test_a_chain_that_does_not_lead_to_the_anchor(
    what: str, sent: tuple[Issued, ...], anchor: Issued, matching: int
) -> None:
    assert find_match(chain(*sent), [record(anchor, 2, CERTIFICATE, matching)]) is None, what


def test_an_anchor_that_fits_is_found_among_others() -> None:
    records = [record(STRANGER, 2, 0, 1), record(MIDDLE, 3, 1, 1), record(MIDDLE, 2, 1, 1)]
    assert Match(records[2], 1) == find_match(chain(LEAF, MIDDLE), records)


@pytest.mark.parametrize(
    ("one", "good"),
    [
        (record(LEAF, 3, 1, 1), True),
        (record(LEAF, 3, 0, 0), True),
        (record(LEAF, 2, 1, 0), True),
        (record(LEAF, 0, 1, 1), False),
        (record(LEAF, 1, 1, 1), False),
        (record(LEAF, 4, 1, 1), False),
        (record(LEAF, 255, 1, 1), False),
        (Tlsa(3, 2, 1, b"x" * 32), False),
        (Tlsa(3, 1, 9, b"x" * 32), False),
        (Tlsa(3, 1, 1, b"x" * 31), False),
        (Tlsa(3, 1, 2, b"x" * 32), False),
        (Tlsa(3, 1, 1, b""), False),
        (Tlsa(2, 0, 0, b"no certificate"), False),
        (Tlsa(2, 1, 0, b"no key"), False),
        (Tlsa(2, 1, 0, read_pem(LEAF).public_bytes(Encoding.DER)), False),
    ],
)
def test_records_that_make_sense(one: Tlsa, good: bool) -> None:
    assert ((one,) if good else ()) == usable([one], BOTH)
    assert (one.usage in (2, 3)) is is_supported(one)


def test_a_digest_that_is_not_in_use_is_none() -> None:
    one = record(LEAF, 3, 1, 1)
    assert () == usable([one], ("sha512",))
    assert (one,) == usable([one], ("sha256",))


def test_the_strongest_digest_of_a_kind_decides() -> None:
    weak, strong = record(LEAF, 3, 1, 1), record(LEAF, 3, 1, 2)
    other_kind, full = record(LEAF, 3, 0, 1), record(ROOT, 2, 0, FULL)
    assert (strong, other_kind, full) == strongest([weak, strong, other_kind, full], BOTH)
    assert (weak, other_kind) == strongest([weak, other_kind], BOTH)
    assert (weak,) == strongest([weak, strong], ("sha256", "sha512"))


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Match(Tlsa(3, 1, 1, b"\xab"), 0), "Matched DANE EE certificate at depth 0: 3 1 1 AB"),
        (Match(Tlsa(2, 0, 1, b"\xab"), 1), "Matched DANE TA certificate at depth 1: 2 0 1 AB"),
        (Match(Tlsa(2, 1, 0, b"\xab"), 2), "Matched DANE TA public key at depth 2: 2 1 0 AB"),
    ],
)
def test_how_a_match_is_told(match: Match, expected: str) -> None:
    assert expected == match.text
