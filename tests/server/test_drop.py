"""The socket where programs on this machine submit."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from gatepost.server.drop import REQUEST_LIMIT, Incoming, LineEnds, Receipt, Request, open_drop, serve_drop, submit

REQUEST = Request("joe", ("kibuna@ohio.net",))


class Taken:
    """A message that was accepted."""

    def __init__(self, *, fails: bool = False) -> None:
        self.content = b""
        self.dropped = asyncio.Event()
        self._fails = fails

    def write(self, data: bytes) -> None:
        self.content += data

    async def finish(self) -> Receipt:
        if self._fails:
            raise OSError("no")
        return Receipt("4F5A6B")

    def discard(self) -> None:
        self.dropped.set()


def submitted(
    path: Path, message: bytes, accept: Callable[[Request, int], Incoming | Receipt], request: Request = REQUEST
) -> Receipt:
    async def main() -> Receipt:
        server = await serve_drop(open_drop(path), accept)
        try:
            return await asyncio.to_thread(submit, path, request, message)
        finally:
            server.close()
            await server.wait_closed()

    return uvloop.run(main())


def test_a_message_is_taken_with_who_sent_it(tmp_path: Path) -> None:
    seen: list[tuple[Request, int]] = []
    taken: list[Taken] = []

    def accept(request: Request, uid: int) -> Taken:
        seen.append((request, uid))
        taken.append(Taken())
        return taken[-1]

    request = Request("joe", ("a@b", "c@d"), 16, "Joe", "NEVER", "HDRS", "id")
    assert Receipt("4F5A6B") == submitted(tmp_path / "drop", b"Subject: x\n\nbody", accept, request)
    assert [(request, os.getuid())] == seen
    assert b"Subject: x\r\n\r\nbody\r\n" == taken[0].content


def test_every_user_may_use_the_socket(tmp_path: Path) -> None:
    open_drop(tmp_path / "drop").close()
    open_drop(tmp_path / "drop").close()  # what an earlier process left is replaced
    assert 0o666 == (tmp_path / "drop").stat().st_mode & 0o777


def test_a_refusal_reaches_the_program(tmp_path: Path) -> None:
    refusal = Receipt(reason="message size limit", temporary=False)
    assert refusal == submitted(tmp_path / "drop", b"x" * 3_000_000, lambda *_: refusal)


def test_a_fault_of_ours_queues_nothing_and_says_so(tmp_path: Path) -> None:
    receipt = submitted(tmp_path / "drop", b"x\n", lambda *_: Taken(fails=True))
    assert ("", True) == (receipt.queue_id, receipt.temporary)
    assert "internal error" in receipt.reason


def test_without_a_server_nothing_is_queued(tmp_path: Path) -> None:
    receipt = submit(tmp_path / "absent", REQUEST, b"x")
    assert receipt.temporary
    assert "is the server running?" in receipt.reason


@pytest.mark.parametrize("head", [b"rubbish\n", b"{}\n", b'{"sender": 1}\n', b"x" * (REQUEST_LIMIT + 1)])
def test_a_malformed_request_is_refused_for_good(tmp_path: Path, head: bytes) -> None:
    async def main() -> bytes:
        server = await serve_drop(open_drop(tmp_path / "drop"), lambda *_: Taken())
        reader, writer = await asyncio.open_unix_connection(tmp_path / "drop")
        writer.write(head)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return answer

    assert json.loads(uvloop.run(main()))["temporary"] is False


def test_a_program_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        taken = Taken()
        server = await serve_drop(open_drop(tmp_path / "drop"), lambda *_: taken)
        _, writer = await asyncio.open_unix_connection(tmp_path / "drop")
        writer.write(b'{"sender": "a", "recipients": ["b"], "size": 100}\nSubject: x\n')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await asyncio.wait_for(taken.dropped.wait(), 5)
        server.close()
        await server.wait_closed()

    uvloop.run(main())


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"a\nb\r\nc"], b"a\r\nb\r\nc\r\n"),
        ([b"a\r", b"\nb\r", b"c\n"], b"a\r\nb c\r\n"),
        ([b"a\rb\r"], b"a b \r\n"),
        ([b""], b""),
        ([b"a\n", b""], b"a\r\n"),
    ],
)
def test_line_ends_become_crlf(pieces: list[bytes], expected: bytes) -> None:
    lines = LineEnds()
    assert expected == b"".join(map(lines.feed, pieces)) + lines.end()


@given(st.binary(), st.integers(1, 5))
def test_cutting_does_not_matter(data: bytes, size: int) -> None:
    whole, cut = LineEnds(), LineEnds()
    made = b"".join(cut.feed(data[start : start + size]) for start in range(0, len(data), size)) + cut.end()
    assert whole.feed(data) + whole.end() == made
    assert b"\r" not in made.replace(b"\r\n", b"")
    assert b"\n" not in made.replace(b"\r\n", b"")
