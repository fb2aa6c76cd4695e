"""Terms of sessions."""

from __future__ import annotations

import pytest

from gatepost.delivery.nexthop import Nexthop
from gatepost.delivery.rules import ClientRules, LoginRules, PixRules
from gatepost.delivery.terms import SessionTerms, TermsFinder
from gatepost.delivery.tlspolicy import TlsRules
from gatepost.oracle import LookupFailed
from gatepost.sasl.client import SaslLogin
from gatepost.smtp.client_values import Server, TlsLevel
from gatepost.tls.policy import Level, PolicyRules, TlsPolicy
from tests.fakes.oracle import FakeOracle, step


def at(level: Level) -> TlsRules:
    return TlsRules(PolicyRules(level=level))


SERVER = Server("mx.b.example", "192.0.2.7", "25")
HOP = Nexthop("b.example", "b.example", by_mx=True)
LOGINS = LoginRules(enabled=True, password_maps=("hash:/logins",))


def terms(rules: ClientRules, oracle: FakeOracle | None = None, hop: Nexthop = HOP) -> SessionTerms:
    return step(TermsFinder(rules, None).find(oracle or FakeOracle(), hop, SERVER, "", lambda _: None))


@pytest.mark.parametrize(("waited", "pix"), [(499.0, {"disable_esmtp"}), (500.0, {"disable_esmtp", "delay_dotcrlf"})])
def test_the_dot_is_delayed_for_old_mail_only(waited: float, pix: set[str]) -> None:
    assert pix == terms(ClientRules()).plan("Q", waited, tls_usable=False).pix


def test_terms_become_a_plan() -> None:
    found = SessionTerms(
        ClientRules(line_limit=5),
        SERVER,
        "hop",
        TlsPolicy(Level.MAY),
        None,
        detects_loops=False,
        discard=frozenset({"DSN"}),
    )
    plan = found.plan("Q", 0.0, tls_usable=False)
    assert plan.discard == {"DSN"}
    assert (plan.line_limit, plan.queue_id, plan.nexthop, plan.tls) == (5, "Q", "hop", TlsLevel.MAY)
    assert (plan.tls_usable, plan.detects_loops) == (False, False)


def test_tables_have_their_say() -> None:
    oracle = FakeOracle({"cidr:/hidden": {"192.0.2.7": "dsn, pipelining"}, "hash:/logins": {"b.example": "u:p"}})
    oracle.tables["cidr:/pix"] = {"192.0.2.7": "delay_dotcrlf, nonsense"}
    rules = ClientRules(discard_maps=("cidr:/hidden",), login=LOGINS, pix=PixRules(maps=("cidr:/pix",)))
    found = terms(rules, oracle)
    assert found.pix == {"delay_dotcrlf"}
    assert found.discard == {"DSN", "PIPELINING"}
    assert isinstance(found.credentials, SaslLogin)
    assert found.credentials.username == "u"


def test_a_table_that_fails_is_told_of() -> None:
    with pytest.raises(LookupFailed):
        terms(ClientRules(login=LOGINS))


def test_domains_share_their_hosts_but_for_logins() -> None:
    """Whatever makes two sessions different makes their terms differ; the next hop alone does not."""
    other = Nexthop("c.example", "c.example", by_mx=True)
    plain = ClientRules()
    assert terms(plain) == terms(plain, hop=other)
    oracle = FakeOracle({"hash:/logins": {"b.example": "u:p", "c.example": "v:p"}})
    rules = ClientRules(login=LOGINS)
    assert terms(rules, oracle) == terms(rules, oracle)
    assert terms(rules, oracle) != terms(rules, oracle, other)
    assert terms(plain) != terms(ClientRules(tls=at(Level.MAY)))


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.NONE, TlsLevel.NONE),
        (Level.MAY, TlsLevel.MAY),
        *((level, TlsLevel.ENCRYPT) for level in Level if level > Level.MAY),
    ],
)
def test_a_policy_is_a_level_of_the_dialogue(level: Level, expected: TlsLevel) -> None:
    found = SessionTerms(ClientRules(), SERVER, "hop", TlsPolicy(level), None, detects_loops=False)
    assert expected is found.plan("Q", 0.0, tls_usable=True).tls


@pytest.mark.parametrize(
    ("fixed", "rules"),
    [
        (True, ClientRules()),
        (False, ClientRules(login=LOGINS)),
        (False, ClientRules(discard_maps=("cidr:/hidden",))),
        (True, ClientRules(tls=at(Level.SECURE))),
        (False, ClientRules(tls=at(Level.DANE))),
    ],
)
def test_terms_are_fixed_where_no_table_is_asked(fixed: bool, rules: ClientRules) -> None:
    assert fixed == TermsFinder(rules, None).are_fixed
