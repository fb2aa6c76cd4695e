"""Typed settings, and everything wrong with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gatepost.config.findings import ConfigurationError, Finding, Place
from gatepost.config.param import GUARDING, NOTED
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.config.source import SourceText


def shown(findings: list[Finding]) -> list[str]:
    return [f"{one.place} {one.level.value} {one.id} {one.message}" for one in findings]


def test_values_are_typed() -> None:
    settings = Settings.parse(
        "myhostname = mx.example\nsmtpd_recipient_limit = 20\nsmtpd_timeout = 5m\nsmtpd_helo_required = yes\n"
        "mydestination = $myhostname, localhost\n"
    )
    assert (20, timedelta(minutes=5), True, ("mx.example", "localhost")) == (
        settings.smtpd_recipient_limit,
        settings.smtpd_timeout,
        settings.smtpd_helo_required,
        settings.mydestination,
    )


def test_defaults_follow_other_settings() -> None:
    settings = Settings.parse("compatibility_level = 3.6\nstress = yes\n")
    assert (timedelta(seconds=10), False, ()) == (
        settings.smtpd_timeout,
        settings.append_dot_mydomain,
        settings.relay_domains,
    )


@pytest.mark.parametrize(
    ("text", "host", "names"),
    [
        ("", "mx.example.org", ("mx.example.org", "example.org")),
        ("", "mx", ("mx.localdomain", "localdomain")),
        ("", "", ("localhost.localdomain", "localdomain")),
        ("mydomain = example.org\n", "mx", ("mx.example.org", "example.org")),
        ("myhostname = a.b.example\n", "mx", ("a.b.example", "b.example")),
        ("myhostname = vm\n", "mx", ("vm", "localdomain")),
        ("myhostname = mx.$mydomain\nmydomain = example.net\n", "", ("mx.example.net", "example.net")),
        ("own = x.example\nmyhostname = $own\n", "", ("x.example", "example")),
    ],
)
def test_host_and_domain_derive_from_each_other(text: str, host: str, names: tuple[str, str]) -> None:
    settings = Settings.parse(text, host_name=host)
    assert names == (settings.myhostname, settings.mydomain)


def test_overrides_reach_every_value_that_refers_to_them() -> None:
    settings = Settings.parse("own = a\nsmtpd_banner = $own\n")
    assert ("a", "b") == (settings.smtpd_banner, settings.with_overrides({"own": "b"}).smtpd_banner)
    assert "c" == Settings.parse("smtpd_banner = $own\n", overrides={"own": "c"}).smtpd_banner


def test_an_override_has_its_own_place_or_none() -> None:
    settings = Settings.parse("mail_name = a\n")
    placed = settings.with_overrides({"mail_name": SourceText.of("b", Place("master.cf", 3, 9, ""))})
    assert ["main.cf:1:1", "None", "master.cf:3:9"] == [
        str(one.place("mail_name")) for one in (settings, settings.with_overrides({"mail_name": "b"}), placed)
    ]


def test_defaults_of_the_host_are_not_settings() -> None:
    settings = Settings.parse("").with_defaults({"mynetworks": "127.0.0.1/32"})
    assert (("127.0.0.1/32",), False) == (settings.mynetworks, settings.is_set("mynetworks"))


def test_any_name_can_be_read_as_text() -> None:
    settings = Settings.parse("own = <$mail_name>\n2bounce_notice_recipient = root\n")
    assert ["<Gatepost>", "root", "", "<$mail_name>"] == [
        settings.text("own"),
        settings.text("2bounce_notice_recipient"),
        settings.text("nowhere"),
        settings.raw("own"),
    ]
    assert ("own", "2bounce_notice_recipient") == settings.names()


def test_raw_parameters_keep_their_own_macros() -> None:
    settings = Settings.parse("forward_path = $home/.forward\n")
    assert ("$home/.forward",) == settings.forward_path
    assert settings.default_rbl_reply.startswith("$rbl_code Service")


def test_words_stand_where_they_were_written() -> None:
    settings = Settings.parse("common = permit_mynetworks\nsmtpd_client_restrictions =\n  $common,\n  reject\n")
    words = settings.words("smtpd_client_restrictions")
    assert [("permit_mynetworks", "main.cf:1:10"), ("reject", "main.cf:4:3")] == [
        (word.text, str(word.place)) for word in words
    ]


def test_a_login_backend_of_our_own_is_the_default_where_it_has_users() -> None:
    assert "cyrus" == Settings.parse("").smtpd_sasl_type
    assert "gatepost" == Settings.parse("gatepost_users_file = /users\n").smtpd_sasl_type
    assert "dovecot" == Settings.parse("gatepost_users_file = /u\nsmtpd_sasl_type = dovecot\n").smtpd_sasl_type


def test_per_transport_values() -> None:
    settings = Settings.parse("slow_destination_concurrency_limit = 1\nlmtp_destination_concurrency_limit = 7\n")
    limit = Settings.default_destination_concurrency_limit
    assert [1, 7, 2, 20] == [settings.for_transport(limit, name) for name in ("slow", "lmtp", "local", "other")]


def test_reading_a_wrong_value_says_what_is_wrong() -> None:
    settings = Settings.parse("smtpd_recipient_limit = many\nown = $(\n")
    with pytest.raises(ConfigurationError, match=r"main\.cf:1:25: error GP0012: .*'many' is not a whole number"):
        assert settings.smtpd_recipient_limit
    with pytest.raises(ConfigurationError, match=r"GP0011.*truncated"):
        settings.text("own")


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("", []),
        ("smtpd_recipient_limit = 5\n", []),
        (
            "smtpd_recipient_limit = many\nsmtpd_helo_required = maybe\n",
            [
                "main.cf:1:25 error GP0012 smtpd_recipient_limit: 'many' is not a whole number",
                "main.cf:2:23 error GP0012 smtpd_helo_required: 'maybe' is neither yes nor no",
            ],
        ),
        ("smtpd_banner = ${x\n", ["main.cf:1:16 error GP0011 smtpd_banner: truncated macro reference"]),
        ("smtpd_recipent_limit = 5\n", ["main.cf:1:1 warning GP0010 unknown parameter smtpd_recipent_limit"]),
        ("own = x\nsmtpd_banner = $own\n", []),
        ("own = x\nsmtpd_restriction_classes = own\n", []),
        ("slow_destination_concurrency_limit = 1\n", []),
        ("virtual_maps = hash:/etc/virtual\n", []),
        ("accounts_server_host = x\nvirtual_alias_maps = ldap:accounts\n", []),
        ("smtp_tls_per_site =\n", []),
        ("alias_maps = /etc/a\n", ["main.cf:1:14 error GP0012 alias_maps: '/etc/a' is not a lookup table"]),
    ],
)
def test_findings(text: str, findings: list[str]) -> None:
    assert findings == shown(Settings.parse(text).findings())


def test_one_fault_is_told_once_though_many_defaults_refer_to_it() -> None:
    found = Settings.parse("smtpd_tls_security_level = yes\n").findings()
    assert ["smtpd_tls_security_level: 'yes' is not one of the values"] == [
        one.message for one in found if one.id == "GP0012" and one.place
    ]


def test_names_that_other_texts_mention_are_known() -> None:
    settings = Settings.parse("mua = reject\nslow_destination_concurrency_limit = 1\n")
    assert [] == settings.findings(mentioned=["mua"])
    assert ["GP0010", "GP0010"] == [one.id for one in settings.findings(services=["smtp"])]


def test_a_parameter_without_effect_is_noted_and_one_that_guards_stops() -> None:
    noted = next(name for name, one in PARAMETERS.items() if one.support is NOTED and one.kind == "text")
    guarding = next(name for name, one in PARAMETERS.items() if one.support is GUARDING and one.kind == "text")
    found = Settings.parse(f"{noted} = other\n{guarding} = other\n").findings()
    assert {("GP0014", noted), ("GP0013", guarding)} == {(one.id, one.message.split()[0]) for one in found}


def test_a_setting_of_a_transport_is_held_to_the_same_as_the_one_for_all() -> None:
    found = Settings.parse("slow_destination_concurrency_limit = few\npolicy_recipient_limit = 9\n").findings(
        services=["slow", "policy"]
    )
    told = [(one.id, one.message.split()[0].rstrip(":")) for one in found]
    assert [
        ("GP0012", "slow_destination_concurrency_limit"),
        ("GP0014", "policy_recipient_limit"),
    ] == told


def test_setting_a_parameter_to_its_default_is_no_fault() -> None:
    for name, parameter in PARAMETERS.items():
        if parameter.support is GUARDING and not parameter.raw:
            assert [] == Settings.parse(f"{name} = {parameter.default}\n").override_findings([name])


def test_findings_of_overrides_are_of_them_alone() -> None:
    settings = Settings.parse("smtpd_recipient_limit = many\n").with_overrides({"smtpd_helo_required": "x", "own": "y"})
    assert ["GP0010", "GP0012"] == [one.id for one in settings.override_findings(["smtpd_helo_required", "own"])]


def test_files_of_pattern_lists_travel_with_the_settings() -> None:
    settings = Settings.parse("").with_files({"/a": "x"}).with_overrides({"mail_name": "y"})
    assert {"/a": "x"} == settings.files


def test_every_parameter_has_a_sentence_and_a_readable_default() -> None:
    settings = Settings.parse("", host_name="mx.example")
    for name, parameter in PARAMETERS.items():
        assert parameter.doc.endswith("."), name
        settings.value(parameter)
