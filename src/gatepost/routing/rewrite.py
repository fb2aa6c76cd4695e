"""Addresses made complete: the standard form that everything else works with.

The rules, in order:

1. Without a domain: `site!user` becomes `user@site` (swap_bangpath), else `user%site` becomes `user@site`
   (allow_percent_hack), else `@origin` is appended (append_at_myorigin). Quoted local parts are only appended to.
2. A domain that ends in one dot loses it, and is complete; one without any dot gets `.mydomain` (append_dot_mydomain).
3. In the remote context, origin and domain are both remote_header_rewrite_domain; where that is empty nothing is
   appended.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.config.settings import Settings
from gatepost.mail.address import external, split_domain
from gatepost.mail.words import is_dot_string


@dataclass(frozen=True, slots=True)
class Rewriter:
    """The rules as the settings have them. `origin` and `domain` are for the local context, `remote` for the other."""

    origin: str
    domain: str
    remote: str
    swap_bangpath: bool
    percent_hack: bool

    @classmethod
    def of(cls, settings: Settings) -> Rewriter:
        """Read the settings. Raises ConfigurationError."""
        return cls(
            origin=settings.myorigin if settings.append_at_myorigin else "",
            domain=settings.mydomain if settings.append_dot_mydomain else "",
            remote=settings.remote_header_rewrite_domain,
            swap_bangpath=settings.swap_bangpath,
            percent_hack=settings.allow_percent_hack,
        )

    def rewrite(self, address: str, *, local: bool = True) -> str:
        """The complete form of an internal address. `local` is the context; envelopes always have the local one."""
        address = _without_route(address)
        if not address:
            return ""
        if "@" not in address:
            address = self.swapped(address) if is_dot_string(address) else address
        if "@" not in address:
            origin = self.origin if local else self.remote
            if not origin:
                return address
            address = f"{address}@{origin}"
        user, domain = split_domain(address)
        completion = self.domain if local else self.remote
        if domain.endswith(".") and not domain.endswith(".."):
            domain = domain[:-1]
        elif completion and domain and "." not in domain and not domain.startswith("["):
            domain = f"{domain}.{completion}"
        return f"{user}@{domain}"

    def swapped(self, local: str) -> str:
        """A local part that is an address in another notation, written with `@`; unchanged where it is none."""
        if self.swap_bangpath and "!" in local:
            site, _, user = local.partition("!")
            return f"{user}@{site}"
        if self.percent_hack and "%" in local:
            user, _, site = local.rpartition("%")
            return f"{user}@{site}"
        return local

    def rewritten_header(self, address: str, source: str, *, local: bool) -> str | None:
        """The external form for a header, None where `source` may stay as it was written."""
        written = '""' if address == "@" else external(self.rewrite(address, local=local))
        return None if written == source else written


def _without_route(address: str) -> str:
    """The address without a source route (`@a,@b:user@c`)."""
    while address.startswith("@") and ":" in address:
        address = address.partition(":")[2]
    return address
