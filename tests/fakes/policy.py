"""A policy decision in one call: main.cf lines, facts and answers in, verdict out.

    answer = ask("smtpd_helo_restrictions = reject_non_fqdn_helo_hostname", helo="single")
    assert answer.reply == "504 5.5.2 <single>: Helo command rejected: need fully-qualified hostname"

1. The configuration is that of mx.ohio.net, which receives for ohio.net; the lines come behind it and win.
2. The client is c.example[192.0.2.50]; it says HELO a, is a@b.example and writes to kibuna@ohio.net.
3. `said` is the reply; `ok` where there is none, `hangup` where there is to be none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost import maillog
from gatepost.config.findings import errors, render
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.peer import NameStatus, Peer
from gatepost.policy.compile import compile_program
from gatepost.policy.engine import decide
from gatepost.policy.facts import Facts, Stage
from gatepost.policy.outcome import Action, Carry, Outcome, Verdict
from gatepost.policy.program import Program
from tests.fakes.oracle import FakeOracle, QuickOracle, step

Change = Any
"""A value of one of the fields of Facts, or of the keywords of `ask`."""

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = $myhostname, localhost.$mydomain, localhost, ohio.net
mynetworks = 127.0.0.1/32
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
"""

CLIENT = Peer("192.0.2.50", "c.example", "r.example", NameStatus.OK, NameStatus.OK, "50000")

WORDS = {
    Stage.CONNECT: "CONNECT",
    Stage.HELO: "HELO",
    Stage.MAIL: "MAIL",
    Stage.RCPT: "RCPT",
    Stage.VRFY: "VRFY",
    Stage.ETRN: "ETRN",
    Stage.DATA: "DATA",
    Stage.END_OF_DATA: "END-OF-MESSAGE",
}


@dataclass(frozen=True)
class Answer:
    """What came out."""

    verdict: Verdict
    oracle: FakeOracle

    @property
    def reply(self) -> str:
        return self.verdict.reply.text if self.verdict.reply else ""

    @property
    def said(self) -> str:
        return self.reply or ("hangup" if self.verdict.outcome is Outcome.HANGUP else "ok")

    @property
    def log(self) -> list[str]:
        return [maillog.text(event) for event in self.verdict.events]

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.verdict.actions


def settings(main_cf: str = "") -> Settings:
    return Settings.parse(MAIN_CF + main_cf)


def program(main_cf: str = "", *, own: OwnAddresses | None = None) -> Program:
    """The compiled lists, which must be free of errors."""
    compiled, findings = compile_program(settings(main_cf), own or OwnAddresses(frozenset({"127.0.0.1"})))
    assert not errors(findings), render(findings)
    return compiled


def facts(stage: Stage = Stage.RCPT, **changes: Change) -> Facts:
    """What is known at a stage of the usual session."""
    known = Facts(peer=CLIENT, protocol_state=WORDS[stage], helo="a", sender="a@b.example", recipient="kibuna@ohio.net")
    match stage:
        case Stage.CONNECT:
            known = known._replace(helo=None, sender=None, recipient=None)
        case Stage.HELO:
            known = known._replace(sender=None, recipient=None)
        case Stage.MAIL:
            known = known._replace(recipient=None)
        case Stage.VRFY:
            known = known._replace(sender=None)
        case Stage.ETRN:
            known = known._replace(sender=None, recipient=None, etrn_domain="ohio.net")
        case Stage.DATA | Stage.END_OF_DATA:
            known = known._replace(recipient=None, recipient_count=1, first_recipient="kibuna@ohio.net", queue_id="QID")
        case Stage.RCPT:
            pass
    return known._replace(**changes)


def decided(
    compiled: Program, known: Facts, oracle: FakeOracle, *, stage: Stage = Stage.RCPT, carry: Carry | None = None
) -> Answer:
    """The decision, stepped without an event loop. It is the same where all answers are at hand."""
    verdict = step(decide(compiled, stage, known, oracle, carry or Carry()))
    if type(oracle) is FakeOracle:
        quick = QuickOracle(oracle.tables, failing=oracle.failing)
        quick.zone = oracle.zone
        assert verdict == step(decide(compiled, stage, known, quick, carry or Carry()))
    return Answer(verdict, oracle)


def ask(
    main_cf: str,
    *,
    stage: Stage = Stage.RCPT,
    tables: Mapping[str, Mapping[str, str] | str] | None = None,
    zone: Mapping[str, str] | None = None,
    failing: Collection[str] = (),
    carry: Carry | None = None,
    **changes: Change,
) -> Answer:
    """Compile the lines and decide about the usual session, changed as given."""
    oracle = FakeOracle(tables, zone, failing=failing)
    return decided(program(main_cf), facts(stage, **changes), oracle, stage=stage, carry=carry)


def ask_table(parameter: str, restriction: str, value: str, **more: Change) -> Answer:
    """Decide with one list of one access table that answers every key with the value."""
    return ask(f"{parameter} = {restriction} hash:/access\n", tables={"hash:/access": value}, **more)
