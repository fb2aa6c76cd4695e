"""What `gatepost status` shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gatepost.cli.main import main
from gatepost.config.load import load
from gatepost.server.instance import Instance
from tests.fakes.certificates import issue
from tests.fakes.configurations import write


def test_a_server_that_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-c", str(write(tmp_path))]) == 3
    assert capsys.readouterr().out.startswith("not running")


def test_a_server_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "both.pem").write_bytes(issue("mx.example").both)
    write(
        tmp_path,
        f"smtpd_tls_cert_file = {tmp_path}/both.pem\nsmtpd_tls_security_level = may\n",
        "127.0.0.1:2525 inet n - n - - smtpd\n",
    )
    instance = Instance.of(load(tmp_path).settings)
    instance.prepare(None)
    lock = instance.lock()
    status = {
        "pid": os.getpid(),
        "since": 1_777_777_777.0,
        "workers": [4711],
        "services": [{"service": "smtp", "address": "127.0.0.1", "port": 2525}],
    }
    instance.status_file.write_text(json.dumps(status), "utf-8")
    assert main(["status", "-c", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert f"running: process {os.getpid()} since 2026-05-0" in shown
    assert "listens: smtp on 127.0.0.1:2525" in shown
    assert f"certificate: {tmp_path}/both.pem: CN=mx.example, good for 29 days" in shown
    assert main(["status", "-c", str(tmp_path), "--json"]) == 0
    assert [4711] == json.loads(capsys.readouterr().out)["workers"]
    os.close(lock)
