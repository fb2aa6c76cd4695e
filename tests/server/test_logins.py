"""Login backends of services."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gatepost.config.settings import Settings
from gatepost.sasl.dovecot import DovecotServer
from gatepost.sasl.server import SaslServer, SaslUnavailable
from gatepost.sasl.users import UsersServer
from gatepost.server.logins import LoginBackends
from gatepost.tls.chains import read_file
from tests.fakes.dovecot import auth_server
from tests.fakes.oracle import FakeOracle

GATEPOST = "smtpd_sasl_auth_enable = yes\ngatepost_users_file = users\n"
DOVECOT = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = auth\n"


def backend(text: str, queue: Path | None = None) -> SaslServer | None:
    async def main() -> SaslServer | None:
        backends = LoginBackends()
        settings = Settings.parse(f"{text}queue_directory = {queue or '/absent'}\n")
        try:
            server = await backends.server(settings, FakeOracle({"static:rest": "rest"}), read_file)
            if queue is not None and server is not None:
                async with auth_server(queue / "auth", lambda _: None):
                    await server.prepare()
                    await backends.close()
            return server
        finally:
            await backends.close()

    return asyncio.run(main())


def test_the_type_chooses_the_backend() -> None:
    assert backend("") is None
    assert isinstance(backend(GATEPOST), UsersServer)
    assert isinstance(backend(DOVECOT), DovecotServer)


@pytest.mark.parametrize(
    ("text", "plain", "tls"),
    [
        ("", ("PLAIN", "LOGIN"), ("PLAIN", "LOGIN")),
        ("smtpd_sasl_security_options = noplaintext\n", (), ()),
        ("smtpd_sasl_security_options = noplaintext\nsmtpd_sasl_tls_security_options =\n", (), ("PLAIN", "LOGIN")),
        ("smtpd_sasl_mechanism_filter = plain\n", ("PLAIN",), ("PLAIN",)),
        ("smtpd_sasl_mechanism_filter = !login, static:rest\n", ("PLAIN",), ("PLAIN",)),
    ],
)
def test_options_and_filter_restrict_what_is_offered(text: str, plain: tuple[str], tls: tuple[str]) -> None:
    server = backend(GATEPOST + text)
    assert server is not None
    assert (plain, tls) == (server.mechanisms(tls=False), server.mechanisms(tls=True))


def test_a_relative_socket_is_below_the_queue_and_shown_as_configured(tmp_path: Path) -> None:
    server = backend(DOVECOT, tmp_path)
    assert server is not None
    assert ("PLAIN", "LOGIN", "CRAM-MD5") == server.mechanisms(tls=False)

    async def fail() -> None:
        absent = await LoginBackends().server(Settings.parse(DOVECOT), FakeOracle({"static:rest": "rest"}), read_file)
        assert absent is not None
        with pytest.raises(SaslUnavailable, match="socket 'auth' failed"):
            await absent.prepare()

    asyncio.run(fail())
