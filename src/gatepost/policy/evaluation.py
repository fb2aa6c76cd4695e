"""One decision in progress: what restrictions see, and what they can do.

1. A restriction returns an outcome. It gets a refusal by `reject`, which checks, softens and logs the reply, and turns
   it into a mere warning under `warn_if_reject`; so no restriction knows of these.
2. `defer_if_permit` and `defer_if_reject` keep the first refusal they are given; the engine decides when each counts.
3. A failure is an exception: LookupFailed from the oracle, Misconfigured from here. Both become replies in `run`, and
   nowhere else. `warn_if_reject` does not soften them.
"""

from __future__ import annotations

from gatepost.mail.address import external
from gatepost.mail.events import Event, Warned
from gatepost.mail.events.smtpd import PolicyActed
from gatepost.mail.reply import Reply
from gatepost.oracle import UNANSWERED, DnsAnswer, EmptyResult, LookupFailed, Oracle
from gatepost.policy.facts import SENDER, Facts, Stage, Subject
from gatepost.policy.outcome import (
    DUNNO,
    OURS,
    SERVER_CONFIGURATION_ERROR,
    Action,
    Fault,
    Outcome,
    Refusal,
    Topic,
    lookup_failure,
)
from gatepost.policy.program import Program, Rule, RuleList
from gatepost.routing.router import Route
from gatepost.routing.search import Found

NESTING_LIMIT = 100
"""Lists within lists, for those that come out of tables (Postfix's limit)."""

CLASS_NESTING_LIMIT = 150
"""The same for restriction classes: above the other, so that a loop through a table is blamed on the table."""

REPLY_LIMIT = 510
"""Bytes of a reply line without its CRLF (RFC 5321 section 4.5.3.1.5)."""

_CODES = range(400, 600)
_PERMANENT = 500


class Misconfigured(Exception):  # noqa: N818 - said as it is: the server is misconfigured
    """The configuration cannot be carried out. What is wrong was logged before this was raised."""


class Evaluation:
    """The mutable state of one call of `decide`.

    Restrictions use `facts`, `program`, `oracle`, `topic`, the methods, and set `match` to the table entry they found.
    """

    about: Subject | Topic = Topic("", "")  # what the current list is about
    bare = ""  # the restriction that a bare `type:table` stands for in the current list
    defer_if_reject: Refusal | None = None
    sender_checked = False  # whether reject_unlisted_sender has been evaluated, explicitly or implied
    recipient_checked = False
    reply: Reply | None = None
    fault = Fault.NONE
    _sender_route: Route | None = None
    _recipient_route: Route | None = None

    def __init__(self, program: Program, stage: Stage, facts: Facts, oracle: Oracle) -> None:
        self.program = program
        self.settings = program.settings
        self.stage = stage
        self.facts = facts
        self.oracle = oracle
        self.rule: Rule | None = None
        self.match: Found | None = None
        self.warn_only = False
        self.depth = 0
        self.defer_if_permit: Refusal | None = None
        self.discarded = facts.discarded
        self.held = facts.held
        self.events: list[Event] = []
        self.actions: list[Action] = []
        self.trace: list[tuple[Rule, Outcome, Found | None, int]] = []  # what `Verdict.steps` are made of
        self._listed: dict[str, DnsAnswer] = {}

    # What restrictions can learn

    @property
    def client(self) -> str:
        """The client as replies and log lines name it."""
        return self.program.client_label(self.facts.peer)

    @property
    def topic(self) -> Topic:
        """What replies of the current list begin with."""
        return self.topic_of(self.about)

    def topic_of(self, about: Subject | Topic) -> Topic:
        """What replies about the subject begin with."""
        facts = self.facts
        match about:
            case Topic():
                return about
            case Subject.CLIENT:
                return Topic(self.client, "Client host")
            case Subject.HELO:
                return Topic(facts.helo or "", "Helo command")
            case Subject.SENDER:
                return Topic(facts.sender or "", "Sender address")
            case Subject.RECIPIENT:
                return Topic(facts.recipient or "", "Recipient address")
            case Subject.ETRN:
                return Topic(facts.etrn_domain or "", "Etrn command")
            case Subject.SESSION:
                return self.topic

    async def route_of(self, subject: Subject) -> Route:
        """Where mail for the sender or the recipient goes, asked once a decision. Raises LookupFailed."""
        facts, router = self.facts, self.program.router
        if subject is SENDER:
            if self._sender_route is None:
                self._sender_route = await router.resolve(facts.sender or "", self.oracle)
            return self._sender_route
        if self._recipient_route is None:
            sender = facts.sender or ""
            self._recipient_route = await router.resolve(facts.recipient or "", self.oracle, sender=sender)
        return self._recipient_route

    async def listed(self, query: str) -> DnsAnswer:
        """What a DNS list says, asked once a decision; a failure is logged."""
        found = self._listed.get(query)
        if found is None:
            found = self.oracle.known(query, "A") or await self.oracle.dns(query, "A")
            self._listed[query] = found
            if found.status in UNANSWERED:
                why = f"Host or domain name not found. Name service error for name={query} type=A: {found.reason}"
                self.warn(f"{query}: RBL lookup error: {why}")
        return found

    # What restrictions can do

    async def permit(self, action: str = "", topic: Topic | None = None, origin: str = "") -> Outcome:
        """End the list with a permit, and log it where `smtpd_log_access_permit_actions` names the action.

        Without an action and a topic it is the rule's own, about the rule's subject.
        """
        log = self.program.permit_log
        if log is not None and self.defer_if_permit is None:
            action = action or (self.rule.written if self.rule else "")
            if await log.matches(self.oracle, name=action):
                name, kind = topic or (self.topic_of(self.rule.subject) if self.rule else self.topic)
                self.log("permit", f"action={action} for {kind}={name} {origin}")
        return Outcome.PERMIT

    def reject(self, refusal: Refusal) -> Outcome:
        """Refuse, or only log that, where `warn_if_reject` is in force."""
        self.fault |= refusal.fault
        warn_only = self.warn_only and not refusal.fault & OURS
        reply = self._checked(refusal)
        if reply.code >= _PERMANENT and self.defer_if_reject is not None and not warn_only:
            pending, self.defer_if_reject, self.warn_only = self.defer_if_reject, None, False
            return self.reject(pending)
        if self.program.soft_bounce:
            reply = reply.softened()
        self.log("reject_warning" if warn_only else "reject", reply.text)
        if warn_only:
            return DUNNO
        self.reply = reply
        return Outcome.REJECT

    def defer_permit(self, refusal: Refusal) -> Outcome:
        """Refuse with this where everything else would permit."""
        if self.warn_only:
            return self.reject(refusal)
        if self.defer_if_permit is None:
            self.defer_if_permit = refusal
        return DUNNO

    def defer_reject(self, refusal: Refusal) -> Outcome:
        """Refuse with this instead of a permanent refusal."""
        if self.defer_if_reject is None:
            self.defer_if_reject = refusal
        return DUNNO

    def tempfail(self, action: str, refusal: Refusal) -> Outcome:
        """Do what a `*_tempfail_action` says: `defer` at once, or `defer_if_permit`."""
        return self.reject(refusal) if action == "defer" else self.defer_permit(refusal)

    def warn(self, *texts: str) -> None:
        """Log warnings."""
        self.events += map(Warned, texts)

    def misconfigured(self, *texts: str) -> Misconfigured:
        """Log warnings, and give what to raise: the client gets `451 4.3.5 Server configuration error`."""
        self.warn(*texts)
        return Misconfigured(*texts)

    def log(self, verb: str, text: str) -> None:
        """Log what was done, with the state of the session behind it."""
        facts = self.facts
        self.events.append(
            PolicyActed(
                verb,
                facts.protocol_state,
                self.client,
                text,
                facts.queue_id or "NOQUEUE",
                None if facts.sender is None else external(facts.sender),
                None if facts.recipient is None else external(facts.recipient),
                facts.protocol,
                facts.helo,
            )
        )

    # The loop

    async def run(self, rules: RuleList) -> Outcome:
        """Evaluate rules until one decides. DUNNO: none did, or both defer flags are set, or mail is discarded."""
        facts, warn_only, record = self.facts, self.warn_only, self.trace.append
        for rule in rules.rules:
            if self.discarded:
                break
            if rule.requires and getattr(facts, rule.requires) is None:
                continue
            if rule.warn_only:
                self.warn_only = True
            self.rule, self.match = rule, None
            try:
                outcome = await rule.check(self)
            except LookupFailed as failure:
                outcome = self._failed(rule, failure)
            except Misconfigured:
                outcome = self.reject(SERVER_CONFIGURATION_ERROR)
            self.warn_only = warn_only
            record((rule, outcome, self.match, self.depth))
            if outcome is not DUNNO:
                return outcome
            if self.defer_if_permit is not None and self.defer_if_reject is not None:
                break
        return DUNNO

    async def run_nested(self, rules: RuleList, topic: Topic, origin: str, limit: int = NESTING_LIMIT) -> Outcome:
        """Evaluate a list within a list. `topic` is what its replies are about, `origin` what led to it.

        Raises:
            Misconfigured: this would be nested more than `limit` deep.
        """
        if self.depth >= limit:
            raise self.misconfigured(f"{origin} causes unreasonable recursion")
        outer = self.rule, self.match, self.about
        self.depth += 1
        self.about = topic
        try:
            return await self.run(rules)
        finally:
            self.depth -= 1
            self.rule, self.match, self.about = outer

    def _failed(self, rule: Rule, failure: LookupFailed) -> Outcome:
        """Refuse for now: a table did not answer, or is at fault."""
        self.warn(*failure.warnings)
        if isinstance(failure, EmptyResult):
            return self.reject(SERVER_CONFIGURATION_ERROR)
        about = self.topic_of(rule.subject) if rule.subject in _ADDRESSES else self.topic
        return self.reject(lookup_failure(about.name))

    def _checked(self, refusal: Refusal) -> Reply:
        """The reply on one printable line of a length that every client takes."""
        reply = Reply.of(refusal.code, f"{refusal.code // 100}{refusal.dsn[1:]}", _printable(refusal.text))
        if refusal.code not in _CODES:
            self.warn(f"SMTP reply code configuration error: {refusal.code} {refusal.dsn} {refusal.text}")
            return Reply.of(450, "4.7.1", "Service unavailable")
        room = REPLY_LIMIT - len(f"{reply.code} {reply.dsn} ")
        if len(reply.lines[0]) * 4 <= room:
            return reply
        cut = reply.lines[0].encode("utf-8", "surrogateescape")[:room].decode("utf-8", "ignore")
        return Reply.of(reply.code, reply.dsn, cut)


_ADDRESSES = (Subject.SENDER, Subject.RECIPIENT)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)
