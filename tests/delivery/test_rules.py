"""From parameters to the rules of a client."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.delivery.rules import ClientRules, PixRules, PoolRules, keywords
from gatepost.sasl.client import SecurityOption
from gatepost.smtp.client_values import Dialect, Hello, Stage
from gatepost.tls.policy import Level


def rules(text: str = "", dialect: Dialect = Dialect.SMTP) -> ClientRules:
    return ClientRules.read(Settings.parse(f"myhostname = mx.ohio.net\n{text}"), dialect)


def test_the_defaults_are_postfixs() -> None:
    smtp = rules()
    assert (smtp.name, smtp.port, smtp.families) == ("mx.ohio.net", "smtp", ("A", "AAAA"))
    assert (smtp.mx_address_limit, smtp.mx_session_limit, smtp.connect_timeout) == (5, 2, 30.0)
    assert {smtp.timeouts[stage] for stage in (Stage.GREETING, Stage.EHLO, Stage.MAIL, Stage.RCPT)} == {300.0}
    assert (smtp.timeouts[Stage.DATA], smtp.timeouts[Stage.BODY], smtp.timeouts[Stage.DOT]) == (120.0, 180.0, 600.0)
    assert smtp.login.options == {SecurityOption.NO_PLAINTEXT, SecurityOption.NO_ANONYMOUS}
    assert (smtp.tls.policy.level, smtp.skip_quit_reply, smtp.line_limit) == (Level.NONE, True, 998)


def test_lmtp_has_parameters_of_its_own() -> None:
    lmtp = rules("lmtp_lhlo_name = l\nlmtp_lhlo_timeout = 7s\nlmtp_discard_lhlo_keywords = dsn", Dialect.LMTP)
    assert (lmtp.name, lmtp.port, lmtp.discard_keywords) == ("l", "24", frozenset({"DSN"}))
    assert lmtp.timeouts[Stage.LHLO] == lmtp.timeouts[Stage.GREETING] == 7.0
    assert (lmtp.connect_timeout, lmtp.skip_quit_reply) == (None, False)


@pytest.mark.parametrize(
    ("text", "lookup"),
    [
        ("", ("dns",)),
        ("smtp_host_lookup = native, dns", ("native", "dns")),
        ("disable_dns_lookups = yes", ("native",)),
        ("smtp_dns_support_level = disabled", ("native",)),
    ],
)
def test_host_lookup(text: str, lookup: tuple[str, ...]) -> None:
    assert lookup == rules(text).host_lookup


@pytest.mark.parametrize(("protocols", "families"), [("ipv4", ("A",)), ("ipv6", ("AAAA",)), ("all", ("A", "AAAA"))])
def test_families(protocols: str, families: tuple[str, ...]) -> None:
    assert families == rules(f"inet_protocols = {protocols}").families


def test_no_time_limit_is_none() -> None:
    assert rules("smtp_helo_timeout = 0").timeouts[Stage.EHLO] is None


def test_fallbacks_are_a_list() -> None:
    assert rules("smtp_fallback_relay = [a], b:26").fallback == "[a] b:26"


@pytest.mark.parametrize(
    ("text", "hello"),
    [
        ("", Hello.ALWAYS),
        ("smtp_always_send_ehlo = no", Hello.WHEN_GREETED),
        ("smtp_always_send_ehlo = no\nsmtp_never_send_ehlo = yes", Hello.NEVER),
    ],
)
def test_hello(text: str, hello: Hello) -> None:
    assert hello is rules(text).hello
    assert rules(text, Dialect.LMTP).hello is Hello.ALWAYS


def test_rates_ports_and_what_is_final() -> None:
    assert (rules().min_data_rate, rules("smtp_per_request_deadline = yes").min_data_rate) == (0, 500)
    assert rules().known_ports["submission"] == 587
    assert rules("smtp_dns_reply_filter = pcre:/d").dns_filter == ("pcre:/d",)
    assert rules("smtp_cname_overrides_servername = yes").true_names
    assert rules("smtp_reply_filter = pcre:/f").reply_filter == ("pcre:/f",)
    assert rules("lmtp_assume_final = yes", Dialect.LMTP).assume_final
    assert not rules("lmtp_assume_final = yes").assume_final
    found = rules("smtp_bind_address_enforce = yes\nbest_mx_transport = local\nsmtp_balance_inet_protocols = no")
    assert (found.bind_enforce, found.best_mx_transport, found.balance) == (True, "local", False)


def test_workarounds_and_kept_sessions_are_read() -> None:
    found = rules(
        "smtp_pix_workarounds = delay_dotcrlf, nonsense\nsmtp_pix_workaround_maps = cidr:/p\n"
        "smtp_pix_workaround_threshold_time = 1m\nsmtp_pix_workaround_delay_time = 2s\n"
        "smtp_connection_cache_time_limit = 3s\nsmtp_connection_reuse_time_limit = 4s\n"
        "smtp_connection_reuse_count_limit = 5\nsmtp_connection_cache_on_demand = no\n"
        "smtp_connection_cache_destinations = b.example"
    )
    assert found.pix == PixRules(frozenset({"delay_dotcrlf"}), ("cidr:/p",), 60.0, 2.0)
    assert (found.pool, found.cache_on_demand) == (PoolRules(3.0, 4.0, 5), False)
    assert len(found.cache_destinations.patterns) == 1


def test_keywords_are_a_list_in_any_case() -> None:
    assert keywords("dsn, Pipelining  etrn") == {"DSN", "PIPELINING", "ETRN"}
    assert rules("smtp_tls_wrappermode = yes").tls.wrapped
