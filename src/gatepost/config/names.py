"""Which names main.cf may set: declared ones, those derived from transports, and the users' own.

Postfix lets users define names of their own and refer to them as `$name`. So a name that nobody refers to is most
likely misspelt; it is reported, but never stops the start.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable

from gatepost.config.findings import Finding, Level, Place

PER_TRANSPORT = {
    "command_time_limit": "_time_limit",
    "default_delivery_slot_cost": "_delivery_slot_cost",
    "default_delivery_slot_discount": "_delivery_slot_discount",
    "default_delivery_slot_loan": "_delivery_slot_loan",
    "default_destination_concurrency_failed_cohort_limit": "_destination_concurrency_failed_cohort_limit",
    "default_destination_concurrency_limit": "_destination_concurrency_limit",
    "default_destination_concurrency_negative_feedback": "_destination_concurrency_negative_feedback",
    "default_destination_concurrency_positive_feedback": "_destination_concurrency_positive_feedback",
    "default_destination_rate_delay": "_destination_rate_delay",
    "default_destination_recipient_limit": "_destination_recipient_limit",
    "default_extra_recipient_limit": "_extra_recipient_limit",
    "default_minimum_delivery_slots": "_minimum_delivery_slots",
    "default_recipient_limit": "_recipient_limit",
    "default_recipient_refill_delay": "_recipient_refill_delay",
    "default_recipient_refill_limit": "_recipient_refill_limit",
    "default_transport_rate_delay": "_transport_rate_delay",
    "initial_destination_concurrency": "_initial_destination_concurrency",
}
"""What stands behind the name of a transport in the parameter that overrides the one for all transports."""

_TABLE_SETTING = re.compile(r"(?:mysql|pgsql|ldap|sqlite|memcache|mongodb):([A-Za-z0-9_]+)")


def per_transport(name: str, services: Collection[str] | None) -> bool:
    """Whether the name is a transport's own setting. `services`: the names in master.cf, None where not known."""
    transports = (name.removesuffix(suffix) for suffix in PER_TRANSPORT.values() if name.endswith(suffix))
    return any(transport and (services is None or transport in services) for transport in transports)


def general_name(name: str) -> str:
    """The parameter for all transports that a transport's own setting overrides; empty where the name is none."""
    found = (general for general, suffix in PER_TRANSPORT.items() if name.endswith(suffix) and name != general)
    return next(found, "")


def table_prefixes(texts: Iterable[str]) -> tuple[str, ...]:
    """Prefixes of the settings of tables that are configured in main.cf itself (`ldap:accounts`: `accounts_`)."""
    return tuple(sorted({f"{match}_" for text in texts for match in _TABLE_SETTING.findall(text)}))


def unknown_name(name: str, place: Place | None, known: Iterable[str]) -> Finding:
    """The remark on a name that nothing refers to."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    hint = f"did you mean {close[0]}?" if close else "nothing refers to it; delete the line if that is right"
    return Finding("GP0010", Level.WARNING, f"unknown parameter {name}", place, hint)
