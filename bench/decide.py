"""What the decisions about one message cost, in processor time.

    python -m bench.decide [--profile]

The lists are those of the benchmark of the whole server: three of seven restrictions, of which none ends early. Tables
are files and texts of the configuration, the oracle is the live one, and every DNS answer is in the cache. One line is
for the same mail again and again, one for mail from 500 clients and senders to 500 recipients in turn.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import uvloop

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.dns.lookups import confirmed_name
from gatepost.dns.resolver import Resolver
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Event
from gatepost.mail.peer import NameStatus, Peer
from gatepost.policy.compile import compile_program
from gatepost.policy.engine import decide
from gatepost.policy.facts import Facts, Stage
from gatepost.policy.outcome import Outcome, Verdict
from gatepost.policy.program import Program
from gatepost.server.oracle import LiveOracle
from gatepost.tables.view import Tables
from tests.fakes.dns import dns_server

ROUNDS, DECISIONS, MAILS = 7, 2000, 500

COMMON = """\
compatibility_level = 3.6
myhostname = mx.ohio.net
mydestination = ohio.net
mynetworks = 10.0.0.0/8
relay_domains = sink.example
relayhost = [192.0.2.25]
local_recipient_maps =
alias_maps =
"""

LISTS = """\
smtpd_client_restrictions = permit_mynetworks, check_client_access texthash:{0}/access,
    check_client_access inline:{{ 10.9.0.1=REJECT }}, reject_unknown_reverse_client_hostname, reject_unauth_pipelining,
    reject_rbl_client bl.example, reject_rhsbl_reverse_client bl.example
smtpd_sender_restrictions = permit_mynetworks, reject_non_fqdn_sender, check_sender_access texthash:{0}/access,
    reject_unknown_sender_domain, reject_unlisted_sender, check_helo_access texthash:{0}/access,
    reject_rhsbl_sender bl.example
smtpd_recipient_restrictions = permit_mynetworks, reject_non_fqdn_recipient, reject_unknown_recipient_domain,
    check_recipient_access texthash:{0}/access, reject_unauth_destination, reject_rhsbl_recipient bl.example,
    reject_unlisted_recipient
"""

ZONE = {
    "mail.client.example": "A 192.0.2.50",
    "sink.example": "MX 10 mail.client.example",
    **{f"{number}.client.example": "MX 10 mail.client.example" for number in range(MAILS)},
    **{f"198.51.{number >> 8}.{number & 255}": "PTR mail.client.example" for number in range(MAILS)},
}

EVERYTHING = "all lists of one message, routes and expansion"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the restriction lists see it."""

    peer: Peer
    sender: str
    recipient: str

    @classmethod
    def of(cls, number: int) -> Mail:
        """One of `MAILS` different ones."""
        name, address = "mail.client.example", f"198.51.{number >> 8}.{number & 255}"
        peer = Peer(address, name, name, NameStatus.OK, NameStatus.OK)
        return cls(peer, f"joe@{number}.client.example", f"user{number}@sink.example")

    def facts(self, stage: str) -> Facts:
        """What is known of it."""
        return Facts(
            peer=self.peer,
            protocol_state=stage,
            helo=self.peer.name,
            protocol="ESMTP",
            sender=self.sender,
            recipient=self.recipient,
        )


class Site:
    """A configuration at work; `oracle` is made anew for each mail, as in the server."""

    def __init__(self, text: str, folder: Path, resolver: Resolver) -> None:
        (folder / "access").write_text("".join(f"user{i}@nowhere{i}.example REJECT\n" for i in range(1000)))
        settings = Settings.parse(COMMON + text.format(folder))
        self.program: Program = compile_program(settings, OwnAddresses())[0]
        self.resolver = resolver
        self.tables = Tables(settings, self.emit)

    def emit(self, event: Event) -> None:
        """Nothing is worth a line of the log here."""
        raise RuntimeError(f"unexpected: {event}")

    def oracle(self) -> LiveOracle:
        """For one transaction."""
        return LiveOracle(self.tables.view(self.emit), self.resolver, self.emit)

    async def recipient(self, mail: Mail) -> Verdict:
        """The decision at RCPT, where with `smtpd_delay_reject` all lists of the session are evaluated."""
        return await decide(self.program, Stage.RCPT, mail.facts("RCPT"), self.oracle())

    async def everything(self, mail: Mail) -> Verdict:
        """Whatever is asked and decided from the client's connection to the delivery."""
        program, oracle = self.program, self.oracle()
        await confirmed_name(self.resolver, mail.peer.address)
        verdict = await decide(program, Stage.RCPT, mail.facts("RCPT"), oracle)
        for stage in program.due - {Stage.RCPT, Stage.VRFY, Stage.ETRN}:
            await decide(program, stage, mail.facts(stage.name), oracle)
        await program.router.expand((Recipient(mail.recipient, mail.recipient),), oracle)
        await program.router.resolve(mail.recipient, self.oracle(), sender=mail.sender)
        return verdict


Work = Callable[[Mail], Awaitable[Verdict]]


async def rehearse(site: Site, work: Work, mails: list[Mail]) -> int:
    """Fill the caches, and see that nothing ends early; how many rules are evaluated."""
    rules = 0
    for mail in mails:
        await confirmed_name(site.resolver, mail.peer.address)
        verdict = await work(mail)
        if verdict.outcome is not Outcome.DUNNO or verdict.events:
            raise RuntimeError(f"{verdict.outcome} for {mail}")
        rules = len(verdict.steps)
    return rules


async def measure(work: Work, mails: list[Mail]) -> float:
    """Microseconds of processor time for one, in the best of several rounds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        some = [mail for mail, _ in zip(cycle(mails), range(DECISIONS), strict=False)]
        started = time.process_time()
        for mail in some:
            await work(mail)
        times.append(time.process_time() - started)
    return min(times) / DECISIONS * 1_000_000


async def compare(folder: Path, *, profile: bool) -> None:
    """Print a line for each case."""
    async with dns_server(ZONE, ttl=86400) as server:
        resolver = server.resolver()
        bare, full = Site("", folder, resolver), Site(LISTS, folder, resolver)
        mails = [Mail.of(number) for number in range(MAILS)]
        cases: tuple[tuple[str, Site, Work, list[Mail]], ...] = (
            ("three lists of seven, the same mail", full, full.recipient, mails[:1]),
            (f"three lists of seven, {MAILS} mails", full, full.recipient, mails),
            (EVERYTHING, full, full.everything, mails),
            ("no lists", bare, bare.recipient, mails[:1]),
        )
        for name, site, work, some in cases:
            rules = await rehearse(site, work, some)
            cost = await measure(work, some)
            print(f"{name:48} {rules:3} rules {cost:7.1f} us {1_000_000 / cost:9,.0f} a second")
        if profile:
            with cProfile.Profile() as profiler:
                await measure(full.everything, mails)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    """Print what decisions cost."""
    options = argparse.ArgumentParser(description="What the decisions about one message cost.")
    options.add_argument("--profile", action="store_true", help="show where the time goes")
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(compare(Path(folder), profile=options.parse_args().profile))


if __name__ == "__main__":
    main()
