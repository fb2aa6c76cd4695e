"""Virtual aliases: each recipient becomes the addresses that virtual_alias_maps has for it.

The rules:

1. An alias's value is a list of addresses, completed like every envelope address; each is looked up again.
2. An address among its own results stays. One that comes back further down is a loop, and refused.
3. `user+ext`, found as `user`, puts `+ext` on every result (propagate_unmatched_extensions); `@domain` puts on nothing.
4. A result `@domain` keeps the user.
5. A recipient that is given twice, or results twice from the same original, is one recipient.
6. An entry without any address is a fault of the table: the message is refused for now, not lost.
7. An alias that leads elsewhere is delivered with that: who asked to hear of success hears of it, and of nothing
   further.
8. More nesting or more addresses than the limits allow refuse the message for now: a loop in a table must not grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gatepost.config.settings import Settings
from gatepost.mail import addresslist, replies
from gatepost.mail.address import external, fold, split_domain
from gatepost.mail.envelope import Notify, Recipient
from gatepost.mail.reply import Reply
from gatepost.oracle import LookupFailed, Oracle
from gatepost.routing.rewrite import Rewriter
from gatepost.routing.search import Found, SearchRules, find_address


class ExpansionRefused(Exception):  # noqa: N818 - said as it is: the expansion was refused
    """An alias leads to too much. The text is for the log, behind `warning: {queue_id}: `; `reply` for the client.

    `warnings` are the texts of those that come before.
    """

    reply = Reply.of(451, "4.6.0", "Alias expansion error")
    warnings: tuple[str, ...] = ()


class AliasUnusable(ExpansionRefused):
    """The tables could not say what an address stands for; `warnings` tell why."""

    reply = replies.QUEUE_WRITE_ERROR

    def __init__(self, address: str, warnings: tuple[str, ...]) -> None:
        super().__init__(_REFUSED.format(f"map lookup problem for {address}"))
        self.warnings = warnings


@dataclass(frozen=True, slots=True)
class Expansion:
    """What the recipients of a message became.

    `expanded` are those whose place others took, and whose sender wants to hear of success (RFC 3461 section 5.2.7).
    """

    recipients: tuple[Recipient, ...]
    expanded: tuple[Recipient, ...] = ()


class VirtualAliases:
    """virtual_alias_maps of one configuration."""

    def __init__(self, settings: Settings, rules: SearchRules, rewriter: Rewriter) -> None:
        self._tables = settings.virtual_alias_maps
        self._rules = rules
        self._rewriter = rewriter
        self._propagate = "virtual" in settings.propagate_unmatched_extensions
        self._nesting_limit = settings.virtual_alias_recursion_limit
        self._size_limit = settings.virtual_alias_expansion_limit
        self._length_limit = settings.virtual_alias_address_length_limit
        self._keep_originals = settings.enable_original_recipient

    async def expand(self, recipients: tuple[Recipient, ...], oracle: Oracle) -> Expansion:
        """Expand all recipients of a message. Raises ExpansionRefused."""
        if not self._tables and len(recipients) == 1:
            return Expansion((self._completed(recipients[0]),))
        seen: set[tuple[object, ...]] = set()
        whole: list[Recipient] = []
        expanded: list[Recipient] = []
        for recipient in recipients:
            recipient = self._completed(recipient)  # noqa: PLW2901 - the same, completed
            address = recipient.address
            results = await self._expanded(address, oracle) if self._tables else [address]
            if results != [address] and Notify.SUCCESS in recipient.notify:
                expanded.append(recipient)
                recipient = replace(recipient, notify=_without_success(recipient.notify))  # noqa: PLW2901 - the same
            for result in results:
                mark = self._mark(recipient, result)
                if mark not in seen:
                    seen.add(mark)
                    whole.append(recipient if result == recipient.address else replace(recipient, address=result))
        return Expansion(tuple(whole), tuple(expanded))

    def _completed(self, recipient: Recipient) -> Recipient:
        """The recipient with a complete address, which is also what others are told that was asked for."""
        address = self._rewriter.rewrite(recipient.address)
        if not recipient.orcpt and address != recipient.original:
            return replace(recipient, address=address, orcpt=f"rfc822;{external(address)}")
        return recipient if address == recipient.address else replace(recipient, address=address)

    def _mark(self, recipient: Recipient, result: str) -> tuple[object, ...]:
        """What two recipients have in common that are one."""
        if not self._keep_originals:
            return (fold(result),)
        return fold(result), fold(recipient.original), recipient.orcpt, recipient.notify

    async def _expanded(self, address: str, oracle: Oracle) -> list[str]:
        """The final addresses for one recipient, in the order of the tables. Raises ExpansionRefused."""
        results: list[str] = []
        waiting: list[tuple[str, tuple[str, ...]]] = [(address, ())]  # each with the aliases that led to it, folded
        while waiting:
            current, path = waiting.pop(0)
            try:
                found = await find_address(self._tables, current, oracle, self._rules)
            except LookupFailed as failure:
                raise AliasUnusable(current, failure.warnings) from failure
            if found is None:
                results.append(current)
                continue
            key = fold(current)
            if key in path or len(path) >= self._nesting_limit:
                raise ExpansionRefused(_EXCESS.format("nesting for " + address))
            for value in self._values(found, current):
                if len(value) > self._length_limit:
                    raise ExpansionRefused(_EXCESS.format(f"result {value[:300]}..."))
                if fold(value) == key:
                    results.append(value)
                else:
                    waiting.append((value, (*path, key)))
            if len(results) + len(waiting) > self._size_limit:
                raise ExpansionRefused(_EXCESS.format("expansion size for " + address))
        return results

    def _values(self, found: Found, current: str) -> list[str]:
        """The addresses of an entry, of which there is at least one. Raises AliasUnusable."""
        values = list(self._addresses(found, current))
        if not values:
            why = f'virtual_alias_maps lookup of {current} returns non-address result "{found.value}"'
            raise AliasUnusable(current, (why,))
        return values

    def _addresses(self, found: Found, current: str) -> Iterator[str]:
        """The addresses of an entry, complete, with the extension that its key left out."""
        user = split_domain(current)[0]
        for item in addresslist.addresses(addresslist.parse(found.value)):
            if item.text.startswith("@") and len(item.text) > 1:
                yield self._rewriter.rewrite(user + item.text)
                continue
            address = self._rewriter.rewrite(item.text)
            if self._propagate and found.extension and address:
                local, domain = split_domain(address)
                address = f"{local}{found.extension}@{domain}" if domain else local + found.extension
            if address:
                yield address


def _without_success(notify: Notify) -> Notify:
    return notify & ~Notify.SUCCESS or Notify.NEVER


_REFUSED = "virtual_alias_maps {} -- message not accepted, try again later"
_EXCESS = f"unreasonable {_REFUSED.format('map {}')}"
