"""Fetching an MTA-STS policy by HTTPS (RFC 8461 section 3.3), with the standard library, in a few threads.

One GET without redirects, cookies, proxies or kept connections is all there is to it: a larger HTTP client would only
add what must not be used. The server's certificate has to be for `mta-sts.` and the domain, by the system's
authorities. Time and size are limited as a whole, not for each read.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gatepost.tls.mta_sts import TEXT_LIMIT

THREADS = 4
"""Fetches at a time."""

PATH = "/.well-known/mta-sts.txt"
PIECE = 4096
_OK = 200

Place = Callable[[str], tuple[str, int]]
"""Where the web server of a host is."""


class WebError(ValueError):
    """The web server's answer is no policy."""


class WebFetcher:
    """Fetches policies. `limit` is in seconds, for one fetch as a whole."""

    def __init__(
        self,
        *,
        limit: float = 30.0,
        place: Place = lambda host: (host, 443),
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._limit = limit
        self._place = place
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._pool = ThreadPoolExecutor(THREADS, "mta-sts")

    async def fetch(self, domain: str) -> str:
        """The text of a domain's policy. Raises OSError, and ValueError (WebError where the web server is to blame)."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(2 * self._limit):  # the threads may be taken
            return await loop.run_in_executor(self._pool, self._get, f"mta-sts.{domain}")

    def close(self) -> None:
        """Begin no further fetch."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _get(self, host: str) -> str:
        if self._context is None:
            self._context = self._make_context()
        deadline = time.monotonic() + self._limit
        connection = _Connection(host, self._place(host), self._context, self._limit)
        try:
            connection.request("GET", PATH, headers={"Accept": "text/plain", "Connection": "close"})
            response = connection.getresponse()
            if response.status != _OK:
                raise WebError(f"the web server of {host} says {response.status}")
            kind = response.headers.get_content_type()
            if kind != "text/plain":
                raise WebError(f"the web server of {host} sends {kind}, not text/plain")
            return _body(response, deadline).decode("utf-8")
        except http.client.HTTPException as error:
            raise WebError(f"the web server of {host}: {error}") from error
        finally:
            connection.close()


class _Connection(http.client.HTTPSConnection):
    """A connection to a place, for a host of another name."""

    def __init__(self, host: str, place: tuple[str, int], context: ssl.SSLContext, limit: float) -> None:
        super().__init__(host, context=context, timeout=limit)
        self._place = place
        self._tls = context

    def connect(self) -> None:
        """Connect, and check whom the certificate is for."""
        raw = self._create_connection(self._place, self.timeout, None)  # type: ignore[attr-defined]  # http.client's own way in
        self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)


def _body(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The content, within limits of size and time."""
    parts: list[bytes] = []
    size = 0
    while piece := response.read1(PIECE):
        parts.append(piece)
        size += len(piece)
        if size > TEXT_LIMIT:
            raise WebError(f"the policy is longer than {TEXT_LIMIT} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the web server takes too long")
    return b"".join(parts)
