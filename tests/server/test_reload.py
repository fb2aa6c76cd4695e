"""Files that only root may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.server.privileges import Owner
from gatepost.server.reload import HandedFiles, private_files
from tests.fakes.configurations import configuration

NOBODY = Owner("nobody", 65534, 65534)


def test_files_that_the_owner_cannot_read_are_handed_over(tmp_path: Path) -> None:
    for name, mode in (("key.pem", 0o600), ("open.pem", 0o644), ("passwords", 0o600), ("sni.pem", 0o600)):
        (tmp_path / name).write_text(name, "utf-8")
        (tmp_path / name).chmod(mode)
    (tmp_path / "sni").write_text(f"a.example {tmp_path}/sni.pem\n", "utf-8")
    text = (
        f"smtpd_tls_cert_file = {tmp_path}/open.pem\nsmtpd_tls_key_file = {tmp_path}/key.pem\n"
        f"smtp_sasl_password_maps = proxy:hash:{tmp_path}/passwords, hash:{tmp_path}/absent\n"
        f"tls_server_sni_maps = texthash:{tmp_path}/sni\n"
    )
    handed = private_files(configuration(tmp_path, text), owner=NOBODY)
    assert {f"{tmp_path}/{name}": name.encode() for name in ("key.pem", "passwords", "sni.pem")} == handed


def test_who_keeps_his_rights_needs_nothing_handed(tmp_path: Path) -> None:
    assert {} == private_files(configuration(tmp_path), owner=None)


def test_handed_files_stand_in_for_those_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("on disk", "utf-8")
    handed = HandedFiles({str(path): b"handed"})
    assert b"handed" == handed.content(str(path))
    assert handed.signature(str(path)) == handed.read(str(path))[1]
    assert handed.signature(str(path)) != HandedFiles({str(path): b"other"}).signature(str(path))
    assert b"on disk" == HandedFiles({}).content(str(path))
    with pytest.raises(FileNotFoundError):
        HandedFiles({}).signature(str(tmp_path / "absent"))
