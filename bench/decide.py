"""How long a policy decision takes, in processor time, without an event loop.

    python bench/decide.py

Each line is one configuration asked about one recipient again and again, with tables that have no entry.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.peer import NameStatus, Peer
from gatepost.oracle import DnsAnswer, DnsStatus
from gatepost.policy.compile import compile_program
from gatepost.policy.engine import decide
from gatepost.policy.facts import Facts, Stage
from gatepost.policy.outcome import Verdict
from gatepost.policy.program import Program

ROUNDS, DECISIONS = 15, 2000

COMMON = """\
myhostname = mx.ohio.net
mydestination = ohio.net
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""

CASES = {
    "no lists": "",
    "12 plain restrictions": "smtpd_client_restrictions = " + "reject_unauth_pipelining " * 12,
    "12 restrictions, 20 lookups": "smtpd_client_restrictions = "
    + "reject_unauth_pipelining " * 2
    + "check_helo_access hash:/helo " * 10,
    "a site's lists, 13 restrictions": """
smtpd_client_restrictions = permit_mynetworks, reject_unknown_client_hostname, check_client_access hash:/clients
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, check_helo_access hash:/helo
smtpd_sender_restrictions = reject_non_fqdn_sender, check_sender_access hash:/senders
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_non_fqdn_recipient, check_recipient_access hash:/rcpt
""",
}

KNOWN = Facts(
    peer=Peer("192.0.2.50", "mail.example", "mail.example", NameStatus.OK, NameStatus.OK),
    protocol_state="RCPT",
    helo="mail.example",
    protocol="ESMTP",
    sender="joe@good.example",
    recipient="kibuna@ohio.net",
)


class Nothing:
    """An oracle whose tables are empty; it counts."""

    lookups = 0

    def takes_partial_keys(self, table: str) -> bool:  # noqa: ARG002 - the protocol has it
        """As for tables of fixed strings."""
        return True

    async def lookup(self, table: str, key: str) -> str | None:  # noqa: ARG002 - likewise
        """Nothing."""
        self.lookups += 1
        return None

    async def dns(self, name: str, rtype: str) -> DnsAnswer:  # noqa: ARG002 - likewise
        """Nothing."""
        return DnsAnswer(DnsStatus.NXDOMAIN)

    async def sleep(self, seconds: float) -> None:
        """No time passes."""


def ask(program: Program, oracle: Nothing) -> Verdict:
    """One decision, stepped by hand."""
    try:
        decide(program, Stage.RCPT, KNOWN, oracle).send(None)
    except StopIteration as stop:
        verdict: Verdict = stop.value
        return verdict
    raise RuntimeError("the decision waited for something")


def measure(program: Program) -> float:
    """Microseconds of processor time a decision, in the best of several rounds."""

    def rounds() -> Iterable[float]:
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(DECISIONS):
                ask(program, Nothing())
            yield time.process_time() - started

    return min(rounds()) / DECISIONS * 1_000_000


def main() -> None:
    """Print a line for each configuration."""
    for name, lists in CASES.items():
        program, _ = compile_program(Settings.parse(COMMON + lists), OwnAddresses())
        oracle = Nothing()
        steps = len(ask(program, oracle).steps)
        print(f"{name:34} {steps:3} rules {oracle.lookups:3} lookups {measure(program):7.1f} us")


if __name__ == "__main__":
    main()
