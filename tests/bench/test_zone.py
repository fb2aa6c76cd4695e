"""The name server of the benchmark."""

from __future__ import annotations

import dns.message
import dns.rcode
import pytest

from bench.zone import answer


@pytest.mark.parametrize(
    ("rcode", "answers", "name", "kind"),
    [
        ("NOERROR", ["mail.client.example."], "1.2.0.192.in-addr.arpa", "PTR"),
        ("NOERROR", ["192.0.2.1"], "mail.client.example", "A"),
        ("NOERROR", ["10 mail.client.example."], "client.example", "MX"),
        ("NOERROR", [], "client.example", "AAAA"),
        ("NXDOMAIN", [], "1.2.0.192.bl.example", "A"),
        ("NXDOMAIN", [], "client.example.bl.example", "A"),
    ],
)
def test_answer(rcode: str, answers: list[str], name: str, kind: str) -> None:
    query = dns.message.make_query(name, kind)
    found = dns.message.from_wire(answer(query.to_wire()))
    assert rcode == dns.rcode.to_text(found.rcode())
    assert answers == [record.to_text() for rrset in found.answer for record in rrset]
    assert query.is_response(found)
