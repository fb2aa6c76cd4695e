"""Channels in memory: handshakes, data, endings, failures, and what the log hears of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from gatepost.mail.events import Noted
from gatepost.mail.events.tls import (
    TlsCiphers,
    TlsEstablished,
    TlsHandshakeFailed,
    TlsLibraryProblem,
    TlsStarting,
    TlsState,
)
from gatepost.tls.channel import TlsFailed
from tests.fakes.tls import client, feed, server, shake, wire

PEER = "client.example[192.0.2.7]"


def test_a_handshake_establishes_and_is_told() -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other)
    assert channel.established
    assert "TLSv1.3" == channel.details.protocol
    assert channel.details.certificate is None
    (told,) = channel.events()
    assert isinstance(told, TlsEstablished)
    assert ("Anonymous", "from", PEER, "TLSv1.3") == (told.state, told.direction, told.peer, told.protocol)
    assert channel.events() == ()


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_cutting_does_not_matter(cut: int) -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other, cut=cut)
    assert channel.established


def test_data_goes_both_ways() -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other)
    other.sendall(b"EHLO a.example\r\n")
    assert b"EHLO a.example\r\n" == channel.receive(wire(other))
    channel.send(b"250 mx.example\r\n" * 3000)
    feed(other, channel.outgoing())
    got = b""
    while len(got) < 48_000:
        got += other.recv(65536)
    assert b"250 mx.example\r\n" * 3000 == got


def test_the_goodbye_of_the_peer_closes() -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other)
    other.sendall(b"QUIT\r\n")
    other.shutdown()
    assert b"QUIT\r\n" == channel.receive(wire(other))
    assert channel.closed
    assert b"" == channel.receive(b"more")


def test_our_goodbye_reaches_the_peer() -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other)
    channel.send(b"221 Bye\r\n")
    channel.close()
    feed(other, channel.outgoing())
    assert b"221 Bye\r\n" == other.recv(100)
    with pytest.raises(SSL.ZeroReturnError):
        other.recv(100)


def test_plaintext_instead_of_a_handshake_fails_and_is_told() -> None:
    channel = server().channel(PEER)
    with pytest.raises(TlsFailed) as caught:
        channel.receive(b"NOOP\r\nQUIT\r\n")
    assert "-1" == caught.value.reason
    assert channel.closed
    failure, problem = channel.events()
    assert TlsHandshakeFailed("SSL_accept", "from", PEER, "-1") == failure
    assert isinstance(problem, TlsLibraryProblem)
    assert problem.text.startswith("error:0A00010B:SSL routines:")


def test_a_peer_that_goes_away_inside_the_handshake_is_told() -> None:
    channel = server().channel(PEER)
    channel.lost()
    assert (TlsHandshakeFailed("SSL_accept", "from", PEER, "lost connection"),) == channel.events()
    channel.lost()
    assert channel.events() == ()


def test_the_loss_of_an_established_session_is_not_a_failure_of_tls() -> None:
    channel, other = server().channel(PEER), client()
    shake(channel, other)
    channel.events()
    channel.lost()
    assert channel.events() == ()


def test_details_exist_only_after_the_handshake() -> None:
    with pytest.raises(TlsFailed):
        _ = server().channel(PEER).details


def test_the_alert_for_the_peer_is_ready_after_a_failure() -> None:
    channel, other = server("smtpd_tls_protocols = >=TLSv1.3").channel(PEER), client(maximum=SSL.TLS1_2_VERSION)
    with pytest.raises(TlsFailed):
        shake(channel, other)
    with pytest.raises(SSL.Error, match="alert"):
        other.do_handshake()


def test_log_level_2_tells_every_step() -> None:
    channel, other = server("smtpd_tls_loglevel = 2").channel(PEER), client()
    shake(channel, other)
    starting, ciphers, *steps, established = channel.events()
    assert TlsStarting("from", PEER) == starting
    assert isinstance(ciphers, TlsCiphers)
    assert isinstance(established, TlsEstablished)
    states = [step.state for step in steps if isinstance(step, TlsState)]
    assert "before SSL initialization" == states[0]
    assert 1 == sum("write session ticket" in state for state in states)


@pytest.mark.parametrize(("level", "dumped"), [(2, False), (3, False), (4, True)])
def test_log_levels_3_and_4_show_the_bytes(level: int, dumped: bool) -> None:
    channel, other = server(f"smtpd_tls_loglevel = {level}").channel(PEER), client()
    shake(channel, other)
    shown = [event.text for event in channel.events() if isinstance(event, Noted)]
    assert (level >= 3) == any(text.startswith("read from ") for text in shown)
    channel.send(b"250 ok\r\n")
    channel.outgoing()
    assert dumped == any(isinstance(event, Noted) and "write to" in event.text for event in channel.events())


def test_log_level_0_tells_nothing_of_success() -> None:
    channel, other = server("smtpd_tls_loglevel = 0").channel(PEER), client()
    shake(channel, other)
    assert channel.events() == ()


def test_a_resumed_session_is_known_as_such() -> None:
    tls, first = server(), client()
    channel = tls.channel(PEER)
    shake(channel, first)
    channel.send(b"x")
    feed(first, channel.outgoing())
    first.recv(1)
    assert not channel.resumed
    session = first.get_session()
    assert session is not None
    second = SSL.Connection(first.get_context(), None)
    second.set_connect_state()
    second.set_session(session)
    again = tls.channel(PEER)
    shake(again, second)
    assert again.resumed


@settings(max_examples=60)
@given(st.binary(max_size=600))
def test_any_bytes_are_waited_on_or_fail(data: bytes) -> None:
    channel = server().channel(PEER)
    try:
        assert b"" == channel.receive(data)
    except TlsFailed:
        assert channel.closed
    channel.outgoing()
