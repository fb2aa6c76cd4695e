"""A configuration built whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gatepost.config.findings import ConfigurationError
from gatepost.delivery.writers import DirectWriter
from gatepost.dns.resolver import Resolver
from gatepost.mail.events import Event
from gatepost.mail.events.tls import TlsEstablished
from gatepost.maillog import Logger, text
from gatepost.server.generation import Generation, Lasting, build
from gatepost.server.logins import LoginBackends
from gatepost.server.reload import HandedFiles
from tests.fakes.certificates import issue
from tests.fakes.configurations import configuration
from tests.fakes.tls import client, shake

SERVICES = (
    "127.0.0.1:2525 inet n - n - - smtpd\n127.0.0.1:2587 inet n - n - - smtpd\n  -o syslog_name=postfix/submission\n"
)


def built(
    folder: Path, main: str, act: Callable[[Generation], Awaitable[None]] | None = None
) -> tuple[Generation, list[str]]:
    log: list[str] = []

    def sink(tag: str, number: int, event: Event) -> None:
        del number
        log.append(f"{tag}: {text(event)}")

    async def main_() -> Generation:
        lasting = Lasting(Logger(sink), Resolver(), LoginBackends(), 7, DirectWriter())
        generation = await build(configuration(folder, main, SERVICES), HandedFiles({}), lasting)
        if act is not None:
            await act(generation)
        await lasting.logins.close()
        return generation

    return asyncio.run(main_()), log


def test_every_service_has_its_snapshot_and_every_transport_its_agent(tmp_path: Path) -> None:
    generation, log = built(tmp_path, "")
    assert {"127.0.0.1:2525", "127.0.0.1:2587"} == generation.snapshots.keys()
    assert {"smtp", "relay", "lmtp", "local", "virtual", "error", "retry", "discard"} == generation.agents.keys()
    assert generation.snapshots["127.0.0.1:2525"].tls is None
    assert log == []


def test_certificates_that_are_of_no_use_are_logged_and_the_service_goes_on(tmp_path: Path) -> None:
    generation, log = built(tmp_path, f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {tmp_path}/absent.pem\n")
    snapshot = generation.snapshots["127.0.0.1:2587"]
    assert snapshot.mode.offered
    assert snapshot.tls is None
    (line,) = [line for line in log if line.startswith("postfix/submission/smtpd: ")]
    assert "absent.pem" in line


def test_a_restriction_that_does_not_exist_builds_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="reject_unverified_sender"):
        built(tmp_path, "smtpd_client_restrictions = reject_unverified_sender\n")


def test_server_names_are_asked_of_tables_inside_the_handshake(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_bytes(issue("mx.example").both)
    (tmp_path / "sni.pem").write_bytes(issue("sni.example").both)
    (tmp_path / "sni").write_text(f"sni.example {tmp_path}/sni.pem\n", "utf-8")
    main = (
        f"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {tmp_path}/server.pem\nsmtpd_tls_loglevel = 1\n"
        f"tls_server_sni_maps = inline:{{no.example=x}}, texthash:{tmp_path}/sni\n"
    )
    names: list[str] = []

    async def act(generation: Generation) -> None:
        tls = generation.snapshots["127.0.0.1:2525"].tls
        assert tls is not None
        channel = tls.channel("a[192.0.2.1]")
        shake(channel, client(name="sni.example"))
        (told,) = channel.events()
        assert isinstance(told, TlsEstablished)
        names.append(told.sni)

    built(tmp_path, main, act)
    assert ["sni.example"] == names
