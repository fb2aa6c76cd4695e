"""The login for a server, from `smtp_sasl_password_maps`: `user:password` by next hop as written, then by host name."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.delivery.rules import LoginRules
from gatepost.oracle import Oracle
from gatepost.sasl.client import MECHANISMS, SaslLogin


@dataclass(frozen=True, slots=True)
class LoginFinder:
    """Finds logins, and knows which mechanisms may be used with them."""

    rules: LoginRules

    async def find(self, oracle: Oracle, nexthop: str, host: str) -> SaslLogin | None:
        """The login for a server; None where there is none. Raises LookupFailed."""
        rules = self.rules
        if not rules.enabled:
            return None
        for key in dict.fromkeys((nexthop, host)):
            for table in rules.password_maps:
                found = await oracle.lookup(table, key)
                if found is not None:
                    username, _, password = found.strip().partition(":")
                    allowed = allowed_mechanisms(rules.mechanism_filter)
                    return SaslLogin(username, password, rules.options, rules.tls_options, allowed)
        return None


def allowed_mechanisms(words: tuple[str, ...]) -> frozenset[str] | None:
    """What a filter lets through; the first word that names a mechanism decides, `!` in front says no.

    None where there is no filter.
    """
    if not words:
        return None
    verdicts: dict[str, bool] = {}
    for word in words:
        verdicts.setdefault(word.lstrip("!").upper(), not word.startswith("!"))
    return frozenset(name for name in MECHANISMS if verdicts.get(name, False))
