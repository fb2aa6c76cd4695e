"""Messages between supervisor and worker."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.server import control
from gatepost.server.control import Message, Word


def test_messages_arrive_one_by_one() -> None:
    ours, theirs = control.pair()
    with ours, theirs:
        assert control.send(ours, Message(Word.READY))
        assert control.send(ours, Message(Word.REFUSED, "no such table"))
        assert Message(Word.READY) == control.receive(theirs)
        assert Message(Word.REFUSED, "no such table") == control.receive(theirs)


def test_sockets_and_files_travel_with_a_message() -> None:
    ours, theirs = control.pair()
    with ours, theirs, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        files = control.seal({"/etc/key.pem": b"secret\0\xff", "/empty": b""})
        control.send(ours, Message(Word.RELOAD, "", ("127.0.0.1 25",), (files, listener.fileno())))
        os.close(files)
        message = control.receive(theirs)
        assert message is not None
        assert ("127.0.0.1 25",) == message.listeners
        got, end = message.descriptors
        assert {"/etc/key.pem": b"secret\0\xff", "/empty": b""} == control.unseal(got)
        with control.adopt(end) as adopted:
            assert listener.getsockname() == adopted.getsockname()


def test_the_end_of_the_other_side_is_none() -> None:
    ours, theirs = control.pair()
    with theirs:
        ours.close()
        assert control.receive(theirs) is None
        assert not control.send(theirs, Message(Word.STOP))


def test_a_socket_that_does_not_block_says_so() -> None:
    ours, theirs = control.pair()
    with ours, theirs:
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            control.receive(theirs)


@given(st.dictionaries(st.text(), st.binary(), max_size=5))
def test_sealed_files_come_out_as_they_went_in(files: dict[str, bytes]) -> None:
    assert files == control.unseal(control.seal(files))
