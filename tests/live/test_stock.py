"""The configuration that Debian's postfix package brings, with nothing changed but where it listens and writes."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path

import pytest

from tests.fakes.running import running
from tests.fakes.site import Site, Wire, wait_until

STOCK = Path("/usr/share/postfix")


@pytest.mark.skipif(not (STOCK / "master.cf.dist").exists(), reason="needs the files of Debian's postfix package")
@pytest.mark.parametrize("name", ["main.cf.debian", "main.cf.dist"])
def test_the_stock_configuration_serves_and_delivers_to_users_of_this_machine(site: Site, name: str) -> None:
    user = pwd.getpwuid(os.getuid() or 65534).pw_name
    spool = site.folder / "boxes"
    places = (
        f"\nqueue_directory = {site.folder}/queue\ndata_directory = {site.folder}/data\n"
        f"mail_spool_directory = {spool}/\nmyhostname = stock.example\n"
    )
    (site.folder / "main.cf").write_text((STOCK / name).read_text("utf-8") + places, "utf-8")
    master = (STOCK / "master.cf.dist").read_text("utf-8")
    master, count = re.subn(r"(?m)^smtp(?=\s+inet)", f"127.0.0.1:{site.port}", master)
    assert count == 1
    (site.folder / "master.cf").write_text(master, "utf-8")
    with running(site.folder) as server:
        with Wire(site.port) as wire:
            assert wire.reply().startswith("220 stock.example ESMTP Gatepost")
            assert wire.say("EHLO client.example", "MAIL FROM:<a@b.example>") == "250 2.1.0 Ok"
            assert wire.say("RCPT TO:<no.such.user@stock.example>").startswith("550 5.1.1 ")
            assert wire.say(f"RCPT TO:<{user}@stock.example>", "DATA", "Subject: x\r\n\r\nhello\r\n.")[:3] == "250"
        (box,) = wait_until("the mail", lambda: list((spool / user / "new").glob("*")))
        assert b"hello" in box.read_bytes()
        assert server.end() == 0
    assert not [line for line in server.output if "Traceback" in line or "internal error" in line]
