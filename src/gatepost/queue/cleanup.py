"""What a configuration does to mail that comes in: complete envelope and headers, expand aliases, stamp it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from gatepost.config.settings import Settings
from gatepost.mail.completion import HeaderRules, HeaderWork, Missing
from gatepost.mail.dates import local_date, local_moment, message_id
from gatepost.mail.envelope import Recipient
from gatepost.mail.events import Emit
from gatepost.mail.received import Stamp, received_internally
from gatepost.oracle import Oracle
from gatepost.routing.expansion import Expansion
from gatepost.routing.router import Router

ADDRESSES = 4096
"""Addresses of headers whose complete form is remembered: the same ones come again and again."""


class Cleanup:
    """One configuration's rules for mail on its way in.

    `oracle` gives the current version of the tables; `emit` is the log of process `cleanup`.
    """

    def __init__(self, settings: Settings, router: Router, oracle: Callable[[], Oracle], emit: Emit) -> None:
        self._settings = settings
        self._router = router
        self._oracle = oracle
        self._emit = emit
        rules = HeaderRules(
            complete=settings.always_add_missing_headers,
            drop=frozenset(name.lower() for name in settings.message_drop_headers),
            undisclosed=settings.undisclosed_recipients_header,
            size_limit=settings.header_size_limit,
            token_limit=settings.header_address_token_limit,
            hop_limit=settings.hopcount_limit,
        )
        rewritten = router.rewriter.rewritten_header
        local = lru_cache(ADDRESSES)(partial(rewritten, local=True))
        self._local_rules = replace(rules, rewrite=local, complete=True)
        remote = (
            lru_cache(ADDRESSES)(partial(rewritten, local=False)) if settings.remote_header_rewrite_domain else None
        )
        self._remote_rules = replace(rules, rewrite=remote, complete=rules.complete or remote is not None)

    async def envelope(
        self, sender: str, recipients: tuple[Recipient, ...], oracle: Oracle | None
    ) -> tuple[str, Expansion]:
        """The sender complete, and what the recipients become. Raises ExpansionRefused."""
        expansion = await self._router.expand(recipients, oracle or self._oracle())
        return self._router.rewrite(sender) if sender else "", expansion

    def headers(self, sender: str, queue_id: str, now: float, full_name: str = "", *, local: bool) -> HeaderWork:
        """What completes a message's headers; `sender` is complete, `local` chooses the context."""

        def missing() -> Missing:
            made = message_id(local_moment(now), queue_id, self._settings.myhostname)
            return Missing(made, local_date(int(now)), sender, full_name)

        return HeaderWork(self._local_rules if local else self._remote_rules, missing, queue_id, self._emit)

    def received(self, queue_id: str, now: float) -> str:
        """The Received header of mail that this system makes itself."""
        host, name = self._settings.myhostname, self._settings.mail_name
        return received_internally(Stamp(host, name, queue_id, local_date(int(now))))
