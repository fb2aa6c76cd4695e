"""The login for a server, from `smtp_sasl_password_maps`: `user:secret`.

The tables are asked for the sender first, where `smtp_sender_dependent_authentication` says so, then for the server's
name, then for the next hop as it is written; the first answer counts. A name without a text is no login.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable

from gatepost.delivery.rules import LoginRules
from gatepost.oracle import Oracle
from gatepost.routing.search import SearchRules, find_address, find_key
from gatepost.sasl.client import BEARER, MECHANISMS, SaslLogin
from gatepost.sasl.refusals import Refusals
from gatepost.smtp.client_values import Server


class LoginFinder:
    """Finds logins, and knows which mechanisms may be used with them."""

    def __init__(self, rules: LoginRules) -> None:
        self.rules = rules
        self._refusals = Refusals(rules.remembered, time.time) if rules.remembered else None

    async def find(self, oracle: Oracle, nexthop: str, server: Server, sender: str) -> SaslLogin | None:
        """The login for a server; None where there is none. Raises LookupFailed."""
        rules = self.rules
        if not rules.enabled:
            return None
        found = None
        if rules.by_sender and sender:
            search = SearchRules(_nobody_is_local, rules.delimiters, owner_request=rules.owner_request)
            found = await find_address(rules.password_maps, sender, oracle, search)
        for key in dict.fromkeys((server.host, nexthop)):
            found = found or await find_key(rules.password_maps, key, oracle)
        username, _, password = found.value.strip().partition(":") if found else ("", "", "")
        if not username:
            return None
        return SaslLogin(
            username,
            password,
            rules.options,
            rules.tls_options,
            rules.verified_options,
            allowed_mechanisms(rules.mechanism_filter),
            server.host,
            server.port,
            secrets.token_urlsafe,
            self._refusals,
        )


async def _nobody_is_local(domain: str, oracle: Oracle) -> bool:
    """Logins are listed with their domain: a bare name would be anybody's."""
    del domain, oracle
    return False


def allowed_mechanisms(words: Iterable[str]) -> frozenset[str] | None:
    """What a filter lets through; the first word that names a mechanism decides, `!` in front says no.

    `static:all` and its kind let the rest through. None where there is no filter.
    """
    verdicts: dict[str, bool] = {}
    rest = False
    for word in words:
        name, positive = word.lstrip("!").upper(), not word.startswith("!")
        if name.startswith("STATIC:"):
            rest = positive
            break
        verdicts.setdefault(name, positive)
    else:
        if not verdicts:
            return None
    return frozenset(name for name in MECHANISMS if verdicts.get(name, rest and name not in BEARER))
