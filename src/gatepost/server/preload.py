"""What Python would import only when it is first needed, imported while we may still read it.

A worker gives up root before it serves. Where Python or Gatepost is installed in a place that only root can read, as in
root's home, every import after that fails, and with it the mail that needed it.
"""

from __future__ import annotations

import codecs
import importlib

CODECS = ("ascii", "latin-1", "utf-8", "utf-16", "idna", "punycode", "raw_unicode_escape", "unicode_escape")

RECORDS = ("IN.A", "IN.AAAA", *(f"ANY.{name}" for name in ("CNAME", "MX", "NS", "OPT", "PTR", "SOA", "TLSA", "TXT")))
"""Types of DNS records that are asked for or come unasked; dnspython has a module for each."""

MODULES = ("concurrent.futures.thread", "stringprep", "traceback", "linecache")
"""Modules that the standard library imports late."""


def preload() -> None:
    """Import it all; a second time costs nothing."""
    for codec in CODECS:
        codecs.lookup(codec)
    for module in (*MODULES, *(f"dns.rdtypes.{record}" for record in RECORDS)):
        importlib.import_module(module)
