"""What TLS means for a service."""

from __future__ import annotations

import pytest

from gatepost.config.settings import Settings
from gatepost.tls.modes import ServerTlsMode, log_level, server_tls_mode

REQUIRED = ServerTlsMode(offered=True, required=True, login_only_in_tls=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ServerTlsMode()),
        ("smtpd_tls_security_level = none", ServerTlsMode()),
        ("smtpd_tls_security_level = may", ServerTlsMode(offered=True)),
        ("smtpd_tls_security_level = encrypt", REQUIRED),
        ("smtpd_use_tls = yes", ServerTlsMode(offered=True)),
        ("smtpd_enforce_tls = yes", REQUIRED),
        ("smtpd_enforce_tls = yes\nsmtpd_tls_security_level = none", ServerTlsMode()),
        ("smtpd_tls_wrappermode = yes", ServerTlsMode(required=True, wrapper=True, login_only_in_tls=True)),
        (
            "smtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes",
            ServerTlsMode(offered=True, login_only_in_tls=True),
        ),
        ("smtpd_tls_security_level = may\nsmtpd_tls_ask_ccert = yes", ServerTlsMode(offered=True, asks=True)),
        ("smtpd_tls_security_level = may\nsmtpd_tls_req_ccert = yes", ServerTlsMode(offered=True)),
        (
            "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes",
            ServerTlsMode(offered=True, required=True, asks=True, demands=True, login_only_in_tls=True),
        ),
    ],
)
def test_old_and_new_parameters_give_the_mode(text: str, expected: ServerTlsMode) -> None:
    assert expected == server_tls_mode(Settings.parse(text))


def test_the_log_level_is_a_number() -> None:
    assert log_level(Settings.parse("")) == 0
    assert log_level(Settings.parse("smtpd_tls_loglevel = 2")) == 2
    assert log_level(Settings.parse("smtp_tls_loglevel = 1"), "smtp") == 1
