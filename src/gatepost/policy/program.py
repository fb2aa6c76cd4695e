"""Restriction lists, compiled: what the engine runs. Made by `gatepost.policy.compile`; immutable but for a cache.

1. A rule knows where it was written, so that every verdict can say which words of which file decided.
2. Restriction lists that come out of tables are compiled when they first appear, and kept up to a limit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gatepost.config.findings import Place
from gatepost.config.matchlist import MatchList
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.peer import Peer
from gatepost.policy import templates
from gatepost.policy.facts import Stage, Subject
from gatepost.policy.outcome import Outcome
from gatepost.routing.router import Router
from gatepost.routing.search import SearchRules

if TYPE_CHECKING:
    from gatepost.policy.evaluation import Evaluation

TABLE_LISTS_LIMIT = 1000
"""Restriction lists from table values that are kept compiled; tables with generated values must not fill the memory."""

_CONTENT_LISTS = {
    Stage.DATA: "smtpd_data_restrictions",
    Stage.END_OF_DATA: "smtpd_end_of_data_restrictions",
}

Check = Callable[["Evaluation"], Awaitable[Outcome]]
"""A restriction with its argument bound."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One restriction of a list.

    Attributes:
        name: the restriction's canonical name.
        written: the word that stands in the configuration.
        argument: the word that belongs to it, "" where it takes none.
        place: where it was written; None for implied rules and rules from table values.
        subject: what must be known for the rule to be evaluated; `requires` names that fact, where it may
            be unknown.
        check: what evaluates it.
        warn_only: whether `warn_if_reject` stands before it.
        ignored: the word that follows a `permit`, `reject` or `defer` and will never be reached, or "".
    """

    name: str
    written: str
    check: Check
    argument: str = ""
    place: Place | None = None
    subject: Subject = Subject.SESSION
    warn_only: bool = False
    ignored: str = ""
    requires: str = field(init=False)

    def __post_init__(self) -> None:
        known = self.subject in (Subject.SESSION, Subject.CLIENT)  # from the first moment of every session
        object.__setattr__(self, "requires", "" if known else self.subject.value)

    def __str__(self) -> str:
        words = ("warn_if_reject" if self.warn_only else "", self.written, self.argument)
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of one parameter. `name` is the parameter, or the table that the list came from."""

    name: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Program:
    """Everything the engine needs that does not change between decisions.

    Attributes:
        lists: by parameter name, all eight.
        classes: user-defined restriction classes (`smtpd_restriction_classes`), and the built-in one.
        unlisted_sender: the rule that ends the sender checks with `smtpd_reject_unlisted_sender`, as a list.
        unlisted_recipient: likewise for recipients.
        compile_words: compiles a restriction list that a table gave.
    """

    settings: Settings
    own: OwnAddresses
    router: Router
    lists: Mapping[str, RuleList]
    classes: Mapping[str, RuleList]
    unlisted_sender: RuleList
    unlisted_recipient: RuleList
    compile_words: Callable[[str], RuleList]
    _from_tables: dict[str, RuleList] = field(default_factory=dict)

    def list_from_table(self, value: str) -> RuleList:
        """The restriction list that a table value spells."""
        found = self._from_tables.get(value)
        if found is None:
            if len(self._from_tables) >= TABLE_LISTS_LIMIT:
                self._from_tables.clear()
            found = self._from_tables[value] = self.compile_words(value)
        return found

    def client_label(self, peer: Peer) -> str:
        """The client as replies and log lines name it."""
        if self._client_port_logging:
            return f"{peer.label}:{peer.port or 'unknown'}"
        return peer.label

    @cached_property
    def _client_port_logging(self) -> bool:
        return self.settings.smtpd_client_port_logging

    @cached_property
    def delay_reject(self) -> bool:
        """Whether client, HELO and sender lists wait for RCPT."""
        return self.settings.smtpd_delay_reject

    @cached_property
    def due(self) -> frozenset[Stage]:
        """The stages at which there is something to decide. At the others every client passes, without a trace."""
        idle = {Stage.CONNECT, Stage.HELO, Stage.MAIL} if self.delay_reject else set[Stage]()
        idle |= {stage for stage, name in _CONTENT_LISTS.items() if not self.lists[name].rules}
        return frozenset(Stage) - idle

    @cached_property
    def soft_bounce(self) -> bool:
        """Whether permanent refusals are sent as temporary ones."""
        return self.settings.soft_bounce

    @cached_property
    def recipient_lists(self) -> tuple[RuleList, RuleList]:
        """The two lists of RCPT in their order."""
        relay, recipient = self.lists["smtpd_relay_restrictions"], self.lists["smtpd_recipient_restrictions"]
        first = self.settings.smtpd_relay_before_recipient_restrictions
        return (relay, recipient) if first else (recipient, relay)

    @cached_property
    def mynetworks(self) -> MatchList:
        """Clients that `permit_mynetworks` trusts."""
        return MatchList.of(self.settings, "mynetworks")

    @cached_property
    def permit_log(self) -> MatchList | None:
        """Actions whose permits are logged, None where none is."""
        actions = MatchList.of(self.settings, "smtpd_log_access_permit_actions")
        return actions if actions.patterns else None

    @cached_property
    def access_parents(self) -> bool:
        """Whether access maps match `example.com` for its subdomains (else they need `.example.com`)."""
        return "smtpd_access_maps" in self.settings.parent_domain_matches_subdomains

    @cached_property
    def search(self) -> SearchRules:
        """How addresses are searched in tables."""
        return self.router.search

    @cached_property
    def expansion_filter(self) -> templates.Filter:
        """What clients may bring into replies."""
        return templates.Filter(self.settings.smtpd_expansion_filter)

    @cached_property
    def address_types(self) -> tuple[str, ...]:
        """The record types of the addresses that `inet_protocols` allows."""
        protocols = self.settings.inet_protocols
        wanted = {"A": "ipv4", "AAAA": "ipv6"}
        return tuple(rtype for rtype, family in wanted.items() if family in protocols or "all" in protocols)

    @cached_property
    def probe_sender(self) -> str:
        """The sender of address probes in full, folded; mail to it passes all lists. "" where there is none."""
        address = self.settings.text("address_verify_sender").strip()
        if not address or address == "<>":
            return ""
        return (address if "@" in address else f"{address}@{self.settings.myorigin}").casefold()
