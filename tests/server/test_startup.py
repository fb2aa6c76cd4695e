"""What is looked at before the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.config.findings import ConfigurationError, Level
from gatepost.server.startup import login_type, with_start_findings
from tests.fakes.certificates import issue
from tests.fakes.configurations import configuration

SERVICE = "127.0.0.1:2525 inet n - n - - smtpd\n"


def test_a_certificate_without_its_key_is_a_warning_that_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_bytes(issue("mx.example").certificate)
    text = f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {tmp_path}/certificate.pem\n"
    found = with_start_findings(configuration(tmp_path, text, SERVICE)).findings
    (warning,) = [finding for finding in found if finding.id == "GP0401"]
    assert Level.WARNING is warning.level
    assert "no private key" in warning.message
    assert warning.place is not None
    assert "454" in warning.hint


def test_a_certificate_of_good_use_is_not_mentioned(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_bytes(issue("mx.example").both)
    text = f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {tmp_path}/both.pem\n"
    found = with_start_findings(configuration(tmp_path, text, SERVICE)).findings
    assert not [finding for finding in found if finding.id.startswith("GP04")]


def test_a_login_backend_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="saslauthd"):
        with_start_findings(configuration(tmp_path, "smtpd_sasl_auth_enable = yes\n", SERVICE))


def test_it_is_no_matter_where_nobody_can_log_in(tmp_path: Path) -> None:
    found = with_start_findings(configuration(tmp_path, "", SERVICE)).findings
    assert not [finding for finding in found if finding.level is Level.ERROR]


@pytest.mark.parametrize(("text", "level"), [(None, Level.WARNING), ("rubbish\n", Level.ERROR), ("", None)])
def test_the_users_file_is_looked_at(tmp_path: Path, text: str | None, level: Level | None) -> None:
    if text is not None:
        (tmp_path / "users").write_text(text, "utf-8")
    main = f"smtpd_sasl_auth_enable = yes\ngatepost_users_file = {tmp_path}/users\n"
    try:
        found = with_start_findings(configuration(tmp_path, main, SERVICE)).findings
    except ConfigurationError as error:
        found = error.findings
    assert [level] * (level is not None) == [finding.level for finding in found if finding.id == "GP0403"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "cyrus"),
        ("gatepost_users_file = /etc/gatepost/users\n", "gatepost"),
        ("gatepost_users_file = /etc/gatepost/users\nsmtpd_sasl_type = dovecot\n", "dovecot"),
    ],
)
def test_the_login_type_follows_the_users_file(tmp_path: Path, text: str, expected: str) -> None:
    assert expected == login_type(configuration(tmp_path, text).settings)


def test_restrictions_that_make_no_sense_are_told(tmp_path: Path) -> None:
    text = "smtpd_client_restrictions = permit_mynetwork, reject\n"
    found = with_start_findings(configuration(tmp_path, text, SERVICE)).findings
    assert any("permit_mynetwork" in finding.message and finding.place for finding in found)


def test_a_wrong_pipe_transport_is_a_warning(tmp_path: Path) -> None:
    services = SERVICE + "good unix - n n - - pipe user=joe argv=/bin/x\nbad unix - n n - - pipe argv=/bin/x\n"
    found = with_start_findings(configuration(tmp_path, "", services)).findings
    assert [(one.level, one.message.split(";")[0]) for one in found if one.id == "GP0404"] == [
        (Level.WARNING, "bad: user= is missing, which says with whose rights the command runs")
    ]
