"""Whose headers are completed as ours."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import Certificate, Login, TlsDetails
from gatepost.server.rewriting import rewrites_locally
from gatepost.server.session import Session
from tests.fakes.clock import run
from tests.fakes.smtpd import service

CERTIFICATE = Certificate("c", "i", "AA:BB", "CC:DD", trusted=True)


async def asked(clients: str, address: str, *, login: bool = False, certificate: bool = False) -> bool:
    played = service(
        f"local_header_rewrite_clients = {clients}\nrelay_clientcerts = hash:/certs\n",
        tables={"hash:/certs": {"aa:bb": "x"}, "hash:/clients": {"192.0.2.9": "x"}},
    )

    class Known(Session):
        @property
        def tls(self) -> TlsDetails | None:
            return TlsDetails("TLSv1.3", "x", 256, 256, certificate=CERTIFICATE) if certificate else None

    wire = played.connect(address)
    await wire.heard()
    session = Known(played.sessions[-1].connection, played.listener.snapshot, played.sessions[-1].resources)
    session.peer = played.sessions[-1].peer
    session.login = Login("PLAIN", "x") if login else None
    found = await rewrites_locally(session)
    await wire.hang_up()
    return found


@pytest.mark.parametrize(
    ("clients", "address", "expected"),
    [
        ("permit_inet_interfaces", "127.0.0.1", True),
        ("permit_inet_interfaces", "127.0.0.2", False),
        ("permit_mynetworks", "127.0.0.2", True),
        ("permit_mynetworks", "192.0.2.7", False),
        ("check_address_map hash:/clients", "192.0.2.9", True),
        ("hash:/clients", "192.0.2.9", True),
        ("permit_inet_interfaces, hash:/clients", "192.0.2.7", False),
        ("", "127.0.0.1", False),
    ],
)
def test_by_address(clients: str, address: str, expected: bool) -> None:
    assert expected is run(asked(clients, address))


def test_by_login() -> None:
    assert run(asked("permit_sasl_authenticated", "192.0.2.7", login=True))
    assert not run(asked("permit_sasl_authenticated", "192.0.2.7"))


def test_by_certificate() -> None:
    assert run(asked("permit_tls_clientcerts", "192.0.2.7", certificate=True))
    assert run(asked("permit_tls_all_clientcerts", "192.0.2.7", certificate=True))
    assert not run(asked("permit_tls_all_clientcerts, permit_tls_clientcerts", "192.0.2.7"))


def test_a_table_that_fails_makes_the_sender_wait() -> None:
    async def scene() -> None:
        wire = service("local_header_rewrite_clients = hash:/absent\n").connect()
        await wire.heard()
        assert ["451 4.3.0 Temporary lookup error"] == await wire.say("MAIL FROM:<a@b.example>")

    run(scene())
