"""The MTA-STS policies of other domains (RFC 8461): looked for, fetched, and kept on disk for as long as they say.

The rules:

1. The TXT record says whether a policy is new; the one that is kept stays in force until its time is over, whatever
   the DNS or the web server say meanwhile (section 5.1): that is what makes it hard to take away. Once half of its time
   is over, it is fetched again.
2. A domain whose policy could not be fetched, and of which none is kept, has none. It is asked again after a while.
3. Fetches run beside the event loop, a few at a time, each with a limit; nobody waits for more than that.
4. What is kept is a file for each domain, written whole under another name first, so that all workers can read it.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gatepost.delivery.webfetch import WebError
from gatepost.mail.events import Emit, Warned
from gatepost.oracle import Oracle
from gatepost.tls.mta_sts import MAX_AGE, Mode, StsPolicy, parse_policy, record_identity
from gatepost.tls.policy import is_server_name

REMEMBERED = 10_000
"""Domains whose answer is kept in memory."""

LOOK_AGAIN = 300.0
"""Seconds until a domain's record is looked at again, and until a failed fetch is repeated (section 3.3)."""

Fetch = Callable[[str], Awaitable[str]]
"""Gives the text of a domain's policy. Raises OSError, ValueError."""


@dataclass(slots=True)
class _Known:
    """What is known of a domain; `until` is when the policy ends, by the system's clock, `look` when to look again."""

    policy: StsPolicy | None
    until: float
    look: float


class StsPolicies:
    """Policies by domain."""

    def __init__(
        self,
        folder: Path,
        fetch: Fetch,
        clock: Callable[[], float] = time.time,
        tell: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        self._folder = folder
        self._fetch = fetch
        self._clock = clock
        self._tell = tell  # of a domain's fault, by its result type (RFC 8460 section 4.3)
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._is_tidy = False  # old files are looked for once
        self._looking: dict[str, asyncio.Task[StsPolicy | None]] = {}

    async def find(self, domain: str, oracle: Oracle, emit: Emit) -> StsPolicy | None:
        """The policy in force for mail to a domain; None where there is none. Never raises."""
        domain = domain.lower().rstrip(".")
        if not is_server_name(domain):
            return None
        known = self._known.get(domain)
        if known is not None and self._clock() < known.look:
            return known.policy if self._clock() < known.until else None
        task = self._looking.get(domain)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look(domain, oracle, emit))
            self._looking[domain] = task
            task.add_done_callback(lambda _: self._looking.pop(domain, None))
        return await asyncio.shield(task)

    async def _look(self, domain: str, oracle: Oracle, emit: Emit) -> StsPolicy | None:
        """Ask the DNS, and the web server where there is something new."""
        known = self._known.get(domain) or self._read(domain)
        now = self._clock()
        policy, until = (known.policy, known.until) if known is not None and now < known.until else (None, 0.0)
        identity = record_identity((await oracle.dns(f"_mta-sts.{domain}", "TXT")).records)
        if identity and (policy is None or policy.identity != identity or now > until - policy.max_age / 2):
            try:
                policy = parse_policy(await self._fetch(domain), domain, identity)
                until = now + policy.max_age
                await asyncio.get_running_loop().run_in_executor(None, self._write, policy, until)
            except (OSError, ValueError) as error:
                kept = "the one that is kept stays in force" if policy else "there is none"
                emit(Warned(f"MTA-STS policy of {domain}: {error}; {kept}"))
                self._tell(domain, _result_type(error))
        self._known[domain] = _Known(policy, until, now + LOOK_AGAIN)
        self._known.move_to_end(domain)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return policy

    def _read(self, domain: str) -> _Known | None:
        """What is kept on disk; None where nothing is, or nothing that makes sense."""
        try:
            kept = json.loads((self._folder / f"{domain}.json").read_text("utf-8"))
            mode, patterns = Mode(kept["mode"]), tuple(map(str, kept["mx"]))
            policy = StsPolicy(domain, str(kept["id"]), mode, patterns, int(kept["max_age"]))
            return _Known(policy, float(kept["until"]), 0.0)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, policy: StsPolicy, until: float) -> None:
        """Keep a policy, and forget those whose time has long been over. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._is_tidy:
            self._is_tidy = True
            self._forget_old()
        text = json.dumps(
            {
                "id": policy.identity,
                "mode": policy.mode.value,
                "mx": policy.patterns,
                "max_age": policy.max_age,
                "until": until,
            }
        )
        name = self._folder / f"{policy.domain}.json"
        draft = name.with_suffix(f".{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(name)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise

    def _forget_old(self) -> None:
        """No policy is good for longer than `MAX_AGE` after it was written."""
        for name in self._folder.glob("*.json"):
            with suppress(OSError):
                if name.stat().st_mtime + MAX_AGE < self._clock():
                    name.unlink()


def _result_type(error: OSError | ValueError) -> str:
    """What a failed fetch is called in reports (RFC 8460 section 4.3.2.2)."""
    if isinstance(error, ssl.SSLError):
        return "sts-webpki-invalid"
    return "sts-policy-fetch-error" if isinstance(error, OSError | WebError) else "sts-policy-invalid"
