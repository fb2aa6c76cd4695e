"""Fetching policies from web servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gatepost.delivery.webfetch import WebError, WebFetcher
from gatepost.tls.mta_sts import TEXT_LIMIT
from tests.fakes.certificates import Issued, authority, issue

GOOD = issue("mta-sts.b.example")
POLICY = b"version: STSv1\r\nmode: none\r\nmax_age: 60\r\n"


def answer(body: bytes = POLICY, status: str = "200 OK", kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextmanager
def web(folder: Path, said: bytes, certificate: Issued = GOOD, *, pause: float = 0.0) -> Iterator[list[str]]:
    """A web server, in a thread, that says one thing; gives its port, then the requests."""
    path = folder / "web.pem"
    path.write_bytes(certificate.both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        asked = [str(listener.getsockname()[1])]
        served = thread.submit(_serve, listener, context, said, asked, pause)
        try:
            yield asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            served.result(10)


def _serve(listener: socket.socket, context: ssl.SSLContext, said: bytes, asked: list[str], pause: float) -> None:
    with suppress(OSError):  # the client may leave in the middle, and the listener be shut down
        connection, _ = listener.accept()
        with connection, context.wrap_socket(connection, server_side=True) as secure:
            asked.append(secure.recv(65_536).decode())
            size = 60 if pause else len(said)
            for start in range(0, len(said), size):
                secure.sendall(said[start : start + size])
                time.sleep(pause)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority().certificate.decode())


async def fetch(asked: list[str], *, limit: float = 5.0) -> str:
    fetcher = WebFetcher(limit=limit, place=lambda _: ("127.0.0.1", int(asked[0])), context=trusting)
    try:
        return await fetcher.fetch("b.example")
    finally:
        fetcher.close()


def test_a_policy_is_fetched_from_its_place(tmp_path: Path) -> None:
    async def main() -> None:
        with web(tmp_path, answer()) as asked:
            assert POLICY.decode() == await fetch(asked)
            assert asked[1].startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
            assert "\r\nHost: mta-sts.b.example\r\n" in asked[1]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (answer(status="404 Not Found"), "mta-sts.b.example says 404"),
        (answer(status="302 Found\r\nLocation: https://elsewhere.example/"), "says 302"),
        (answer(kind="text/html"), "sends text/html, not text/plain"),
        (answer(b"x" * (TEXT_LIMIT + 1)), "longer than 65536 bytes"),
        (b"rubbish\r\n\r\n", "the web server of mta-sts.b.example: rubbish"),
    ],
)
def test_anything_but_a_text_is_no_policy(tmp_path: Path, said: bytes, says: str) -> None:
    async def main() -> None:
        with web(tmp_path, said) as asked, pytest.raises(WebError, match=says):
            await fetch(asked)

    asyncio.run(main())


def test_text_that_is_none_is_an_error(tmp_path: Path) -> None:
    async def main() -> None:
        with web(tmp_path, answer(b"\xff")) as asked, pytest.raises(UnicodeDecodeError):
            await fetch(asked)

    asyncio.run(main())


@pytest.mark.parametrize(
    "certificate", [issue("b.example"), issue("mta-sts.b.example", by_authority=False)], ids=["name", "issuer"]
)
def test_the_web_server_has_to_prove_who_it_is(tmp_path: Path, certificate: Issued) -> None:
    async def main() -> None:
        with web(tmp_path, answer(), certificate) as asked:
            with pytest.raises(ssl.SSLCertVerificationError):
                await fetch(asked)
            assert len(asked) == 1

    asyncio.run(main())


def test_a_web_server_that_drips_is_given_up(tmp_path: Path) -> None:
    async def main() -> None:
        with web(tmp_path, answer(b"x" * 60_000), pause=0.02) as asked, pytest.raises(TimeoutError):
            await fetch(asked, limit=0.2)

    asyncio.run(main())


def test_a_web_server_that_is_not_there(tmp_path: Path) -> None:
    async def main() -> None:
        with web(tmp_path, b"") as asked:
            pass
        with pytest.raises(ConnectionRefusedError):
            await fetch(asked)

    asyncio.run(main())
