"""Next hops as transport maps, relayhost and master.cf write them.

    [host]:port    the host itself: no MX look-up
    host:port      the domain's mail exchangers (SMTP) or the host itself (LMTP)
    unix:path      a UNIX-domain socket
    inet:host:port the host itself (LMTP)

Several, separated by commas or blanks, are tried from left to right.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_SEPARATORS = re.compile(r"[,\s]+")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.+))?")


@dataclass(frozen=True, slots=True)
class Nexthop:
    """One place to deliver to. `text` is as written; `port` a number or a service's name, empty for the default.

    `by_mx`: the host is a domain, whose mail exchangers are meant. `path` is set for UNIX-domain sockets, alone.
    """

    text: str
    host: str = ""
    port: str = ""
    by_mx: bool = False
    path: str = ""

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


def parse_nexthops(text: str, *, by_mx: bool) -> tuple[Nexthop, ...]:
    """Read a list of next hops; `by_mx` is the rule for hosts outside brackets. Raises ValueError for none at all."""
    found = tuple(_parse(word, by_mx=by_mx) for word in _SEPARATORS.split(text) if word)
    if not found:
        raise ValueError("no next hop")
    return found


def _parse(text: str, *, by_mx: bool) -> Nexthop:
    if text.startswith("unix:"):
        return Nexthop(text, path=text.removeprefix("unix:"))
    where = text
    if text.startswith("inet:"):
        where, by_mx = text.removeprefix("inet:"), False
    bracketed = _BRACKETED.fullmatch(where)
    if bracketed:
        host = bracketed[1]
        if host.lower().startswith("ipv6:"):
            host = host[5:]
        return Nexthop(text, host, bracketed[2] or "")
    host, colon, port = where.rpartition(":")
    if not colon:
        host, port = where, ""
    if not host:
        raise ValueError(f"no host in next hop {text!r}")
    hop = Nexthop(text, host.rstrip(".") or host, port, by_mx)
    return Nexthop(text, host, port) if hop.is_address else hop
