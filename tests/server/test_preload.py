"""Nothing is imported any more once root has been given up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LATER = """
import sys
import gatepost.cli.run
from gatepost.server.preload import RECORDS, preload

preload()

class Refusal:
    def find_spec(self, name, path=None, target=None):
        raise PermissionError(name)

sys.meta_path.insert(0, Refusal())
import dns.message, dns.rdata, dns.rdataclass, dns.rdatatype, pathlib, socket, warnings
for name in RECORDS:
    if name != "OPT":
        kind = dns.rdata.get_rdata_class(dns.rdataclass.IN, dns.rdatatype.from_text(name))
        assert kind is not dns.rdata.GenericRdata, name
assert pathlib.Path("/proc/sys/kernel/domainname").read_text("ascii")
assert "m\\xfcnchen.example".encode("idna") == b"xn--mnchen-3ya.example"
assert socket.getaddrinfo("127.0.0.1", 25)
"""

HANDSHAKE = (
    LATER.replace(
        "import gatepost.cli.run\n",
        "import gatepost.cli.run\nfrom gatepost.tls.policy import Level, TlsPolicy\n"
        "from gatepost.sasl.client import SaslLogin\nfrom tests.fakes.tls import meet, our_client, server\n",
    )
    + """
for level in (1, 2):
    ours = our_client(f"smtp_tls_loglevel = {level}").channel(
        TlsPolicy(Level.VERIFY, ">=TLSv1", "medium", match=("mx.example",), servername="mx.example"), "peer"
    )
    meet(ours, server().channel("client"))
    assert ours.verdict.accepted
login = SaslLogin("m\xfcller", "pencil", nonce=lambda: "abc").begin(("SCRAM-SHA-256",), tls=True, binding=ours.binding)
assert login.initial()
assert login.answer("cj1hYmNkZWYscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==")
"""
)


@pytest.mark.parametrize("script", [LATER, HANDSHAKE], ids=["names", "handshake"])
def test_what_comes_late_is_there(script: str) -> None:
    """In a process of its own, whose imports are refused afterwards."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=root)
    assert (0, "") == (done.returncode, done.stderr)
