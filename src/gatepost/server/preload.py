"""What Python would import only when it is first needed, imported while we may still read it.

A worker gives up root before it serves. Where Python or Gatepost is installed in a place that only root can read, as in
root's home, every import after that fails, and with it the mail that needed it.
"""

from __future__ import annotations

import codecs
import importlib

from dns.rdata import get_rdata_class
from dns.rdataclass import IN
from dns.rdatatype import from_text

CODECS = ("ascii", "latin-1", "utf-8", "utf-16", "idna", "punycode", "raw_unicode_escape", "unicode_escape", "charmap")

RECORDS = ("A", "AAAA", "CNAME", "MX", "NS", "OPT", "PTR", "SOA", "TLSA", "TXT")
"""Types of DNS records that are asked for or come unasked; each is a module of dnspython."""

MODULES = ("concurrent.futures.thread", "stringprep", "traceback", "linecache")
"""Modules that the standard library imports late."""


def preload() -> None:
    """Import it all; a second time costs nothing."""
    for codec in CODECS:
        codecs.lookup(codec)
    for record in RECORDS:
        get_rdata_class(IN, from_text(record))  # type: ignore[no-untyped-call]  # dnspython types it not
    for module in MODULES:
        importlib.import_module(module)
