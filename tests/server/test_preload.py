"""Nothing is imported any more once root has been given up."""

from __future__ import annotations

import subprocess
import sys

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


def test_what_comes_late_is_there() -> None:
    """In a process of its own, whose imports are refused afterwards."""
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
