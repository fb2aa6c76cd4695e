"""A message's content as one server gets it: as it is stored, or made 7-bit for one without 8BITMIME (RFC 6152)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container
from dataclasses import dataclass

from gatepost.mail.delivery import Body, Job
from gatepost.mail.downgrade import Downgrade

AT_ONCE = 65_536
"""Bytes of content that are written in one piece; more of it waits for the peer to take what was written."""

_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be sent; `is_8bit`: it is to be converted where the server takes 7 bits only."""

    body: Body
    is_8bit: bool = False

    def at_once(self, offered: Container[str]) -> bytes | None:
        """All of it, where it is in memory and small enough for one write; else None."""
        whole = self.body.whole
        if whole is None or len(whole) > AT_ONCE:
            return None
        if not self._is_converted(offered):
            return whole
        downgrade = Downgrade()
        return downgrade.feed(whole) + downgrade.end()

    async def pieces(self, offered: Container[str]) -> AsyncIterator[bytes]:
        """All of it, piece by piece. Raises what the body raises."""
        if not self._is_converted(offered):
            async for piece in self.body.chunks():
                yield piece
            return
        downgrade = Downgrade()
        async for piece in self.body.chunks():
            yield downgrade.feed(piece)
        yield downgrade.end()

    def _is_converted(self, offered: Container[str]) -> bool:
        return self.is_8bit and "8BITMIME" not in offered


async def needs_utf8(job: Job) -> bool:
    """Whether addresses or header have anything but ASCII in them (RFC 6531 section 3.2)."""
    addresses = (job.envelope.sender, *(recipient.address for _, recipient in job.recipients))
    if not all(address.isascii() for address in addresses):
        return True
    whole = job.body.whole
    if whole is not None:
        return not whole.isascii() and not whole.partition(_HEADER_END)[0].isascii()
    tail = b""
    async for chunk in job.body.chunks():
        seen = tail + chunk
        text, end, _ = seen.partition(_HEADER_END)
        if not text.isascii():
            return True
        if end:
            break
        tail = seen[-3:]
    return False
