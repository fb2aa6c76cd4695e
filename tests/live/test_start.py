"""What a server says of a configuration that is wrong, before it starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fakes.certificates import issue
from tests.fakes.running import PATIENCE, Running
from tests.fakes.site import Site

BROKEN = """\
smtpd_recipient_limit = many
smtpd_helo_required = perhaps
smtpd_timeout = 5 fortnights
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destinaton
mynetworks = ${unfinished
smtpd_milters = inet:127.0.0.1:11332
always_bcc = archive@box.example
virtual_alias_maps = nosuch:/etc/aliases
smtpd_recipent_limit = 5
= nothing
"""


def refused(site: Site) -> str:
    server = Running(site.folder)
    try:
        assert server.process.wait(PATIENCE) == 1
        server.wait_for("(end of output)")
    finally:
        server.end()
    return "\n".join(server.output)


def test_a_broken_main_cf_is_told_whole_with_places_and_remedies(site: Site) -> None:
    site.configure(BROKEN)
    told = refused(site)
    lines = (site.folder / "main.cf").read_text("utf-8").splitlines()
    for start in (
        "smtpd_recipient_limit",
        "smtpd_helo_required",
        "smtpd_recipient_restrictions",
        "mynetworks = $",
        "smtpd_milters",
        "always_bcc",
        "virtual_alias_maps = nosuch",
        "smtpd_recipent_limit",
        "= nothing",
    ):
        number = next(place for place, line in enumerate(lines, 1) if line.startswith(start))
        assert re.search(rf"main\.cf:{number}:\d+: (error|warning)", told), f"nothing about {start}: {told}"
    assert told.count("^") >= 8
    assert "hint: did you mean smtpd_recipient_limit?" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("text", ["\0\0\0", "inet n - n - - smtpd\n", "smtp inet n - n - - smtpd\n -o\n"])
def test_a_broken_master_cf_has_no_traceback(site: Site, text: str) -> None:
    site.configure()
    (site.folder / "master.cf").write_text(text, "utf-8")
    told = refused(site)
    assert "master.cf" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_missing_file_is_named(site: Site, name: str) -> None:
    site.configure()
    (site.folder / name).unlink()
    told = refused(site)
    assert f"{site.folder}/{name}" in told
    assert "Traceback" not in told


def certificate(folder: Path) -> Path:
    path = folder / "certificate.pem"
    path.write_bytes(issue("mx.example").certificate)
    return path


def test_a_certificate_without_its_key_is_told_and_starttls_is_refused_for_now(site: Site) -> None:
    path = certificate(site.folder)
    with site.serving(f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {path}\n") as server:
        assert [
            line for line in server.output if re.search(r"main\.cf:\d+:\d+: warning GP0401: .*certificate\.pem", line)
        ]
        with site.client() as wire:
            assert wire.say("STARTTLS") == "454 4.7.0 TLS not available due to local problem"
            assert wire.say("NOOP").startswith("250 ")
