"""What is wrong with restriction lists as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.config.findings import Finding, Level
from gatepost.policy import dnslists, templates
from gatepost.policy.program import Program, Rule, RuleList

NOT_IMPLEMENTED = {"check_policy_service": 1, "reject_unverified_recipient": 0, "reject_unverified_sender": 0}
"""Restrictions that Postfix has and we do not, and how many arguments they take."""

OBSOLETE = {
    "check_relay_domains": "reject_unauth_destination",
    "permit_naked_ip_address": "permit_mynetworks or permit_sasl_authenticated",
    "reject_maps_rbl": "reject_rbl_client",
}
"""Restrictions that newer releases of Postfix have no longer, and what takes their place."""

RELAY_GUARDS = (
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject",
    "defer",
    "defer_if_permit",
    "check_relay_domains",
)
"""Restrictions of which a server needs one that is reached, lest it relay for everybody."""

_LOGIN_ONLY = (
    "permit_sasl_authenticated",
    "check_sasl_access",
    "reject_authenticated_sender_login_mismatch",
    "reject_known_sender_login_mismatch",
    "reject_unauthenticated_sender_login_mismatch",
)


def check(program: Program) -> Iterator[Finding]:
    """Everything that the lists of a program have wrong."""
    yield from _relay_guard(program)
    yield from _bare_tables(program)
    yield from _logins(program)
    yield from _obsolete(program)
    yield from _reply_template(program)


def _relay_guard(program: Program) -> Iterator[Finding]:
    """GP0300: the mandatory relay rule. Postfix does not serve without it, and neither do we."""
    lists = (program.lists["smtpd_recipient_restrictions"], program.lists["smtpd_relay_restrictions"])
    if any(_guards(program, rules, frozenset()) for rules in lists):
        return
    place = next((rule.place for rules in reversed(lists) for rule in rules.rules), None)
    place = place or program.settings.place("smtpd_relay_restrictions")
    yield Finding(
        "GP0300",
        Level.ERROR,
        "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working instance"
        " of: reject_unauth_destination, defer_unauth_destination, reject, defer, defer_if_permit or"
        " check_relay_domains",
        place,
        "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
    )


def _guards(program: Program, rules: RuleList, entered: frozenset[str]) -> bool:
    """Whether the list has a guard before a `permit`; what only warns does not count, nor does a class in itself."""
    for rule in rules.rules:
        if rule.name == "permit" and not rule.warn_only:
            return False
        if rule.warn_only:
            continue
        if rule.name in RELAY_GUARDS:
            return True
        if rule.name in program.classes and rule.name not in entered:
            nested = program.classes[rule.name]
            if _guards(program, nested, entered | {rule.name}):
                return True
    return False


def _bare_tables(program: Program) -> Iterator[Finding]:
    """GP0306: `type:table` alone means nothing in lists about the content."""
    for name in ("smtpd_data_restrictions", "smtpd_end_of_data_restrictions"):
        for rule in program.lists[name].rules:
            if ":" in rule.written:
                message = f"{rule.written} alone means nothing in {name}"
                hint = f"say what to look up: check_sender_access {rule.written}"
                yield Finding("GP0306", Level.WARNING, message, rule.place, hint)


def _logins(program: Program) -> Iterator[Finding]:
    """GP0307: restrictions about logins, where nobody can log in (the default relay list is not meant)."""
    if program.settings.smtpd_sasl_auth_enable:
        return
    for rules in program.lists.values():
        for rule in rules.rules:
            if rule.place is not None and rule.name in _LOGIN_ONLY:
                yield _without_logins(rule)


def _without_logins(rule: Rule) -> Finding:
    message = f"{rule.written} has no effect: smtpd_sasl_auth_enable is no"
    return Finding("GP0307", Level.NOTE, message, rule.place)


def _obsolete(program: Program) -> Iterator[Finding]:
    """GP0309: restrictions on their way out."""
    for rules in (*program.lists.values(), *program.classes.values()):
        for rule in rules.rules:
            if rule.name in OBSOLETE:
                message = f"{rule.written} is obsolete; newer releases of Postfix do not have it"
                yield Finding("GP0309", Level.WARNING, message, rule.place, f"use {OBSOLETE[rule.name]}")


def _reply_template(program: Program) -> Iterator[Finding]:
    """GP0308: `default_rbl_reply` with a name that there is not. Postfix ends the session when it comes to use it."""
    settings = program.settings
    for value in ("", "x"):  # so that both branches of a condition are seen
        names = dict.fromkeys(dnslists.TEMPLATE_NAMES, value)
        try:
            templates.fill(settings.default_rbl_reply, names, program.expansion_filter)
        except (templates.UnknownNameError, templates.TemplateError) as error:
            message = f"default_rbl_reply: {error}"
            hint = "names are: " + ", ".join(sorted(names))
            yield Finding("GP0308", Level.ERROR, message, settings.place("default_rbl_reply"), hint)
            return
