"""The client machine as a whole: broken connections, hostile servers, the goodbye."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.maillog import text
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_replies import REPLY_LIMIT
from gatepost.smtp.client_values import Dialect, SessionPlan, Stage, TlsLevel, Waiting, Want
from tests.fakes.played import CONTENT, GREETING, PIPELINED, PLAIN, PLAN, SERVER, Played, mail, play


def test_a_handshake_that_fails_ends_the_session() -> None:
    machine = ClientMachine(SessionPlan(SERVER, "mx.ohio.net", tls=TlsLevel.MAY))
    machine.receive(b"220 hi\r\n")
    assert isinstance(machine.next_step(), Waiting)
    machine.receive(b"250-x\r\n250 STARTTLS\r\n")
    assert isinstance(machine.next_step(), Waiting)
    machine.receive(b"220 go\r\n")
    assert machine.next_step() is Want.TLS
    machine.tls_failed()
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert (machine.failure.dsn, machine.failure.text) == ("4.7.5", "Cannot start TLS: handshake failure")


BREAKS = [
    ("", "receiving the initial server greeting"),
    ("S: 220 hi", "performing the EHLO handshake"),
    (f"{GREETING}S: 502 no", "performing the HELO handshake"),
    (f"{PLAIN}", "sending MAIL FROM"),
    (f"{PLAIN}S: 250 ok", "sending RCPT TO"),
    (f"{PLAIN}S: 250 ok\nS: 250 ok", "sending DATA command"),
    (f"{PLAIN}S: 250 ok\nS: 250 ok\nS: 354 go", "sending end of data -- message may be sent more than once"),
    (f"{PIPELINED}", "sending MAIL FROM"),
    (f"{PIPELINED}S: 250 ok", "sending RCPT TO"),
]


@pytest.mark.parametrize(("dialog", "doing"), BREAKS)
@pytest.mark.parametrize("silent", [False, True])
def test_a_connection_that_breaks_says_where(dialog: str, doing: str, silent: bool) -> None:
    played = play(dialog)
    machine = played.machine
    if silent:
        machine.timed_out()
        words = f"conversation with mx.b.example[192.0.2.7] timed out while {doing}"
    else:
        machine.lost()
        words = f"lost connection with mx.b.example[192.0.2.7] while {doing}"
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert (machine.failure.dsn, machine.failure.text) == ("4.4.2", words)
    if played.message is None:
        assert played.texts == [("4.4.2", words)]
    assert b"QUIT" not in machine.take_output()


def test_what_the_server_said_before_it_left_is_heard() -> None:
    """A server that refuses the content while it is being sent, and hangs up."""
    machine = ClientMachine(PLAN)
    for reply in (b"220 hi", b"250 x"):
        machine.receive(reply + b"\r\n")
        machine.next_step()
    machine.begin(mail("b@b.example"))
    for reply in (b"250 ok", b"250 ok", b"354 go"):
        machine.receive(reply + b"\r\n")
        machine.next_step()
    assert machine.next_step() is Want.CONTENT
    machine.content(CONTENT)
    machine.receive(b"552 5.3.4 too big\r\n")
    machine.lost()
    words = "host mx.b.example[192.0.2.7] said: 552 5.3.4 too big (in reply to end of DATA command)"
    assert [(outcome.dsn, outcome.text) for outcome in machine.outcomes] == [("5.3.4", words)]


def test_an_endless_reply_ends_the_session() -> None:
    machine = ClientMachine(PLAN)
    machine.receive(b"220-x\r\n" * REPLY_LIMIT)
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert "more than 65536 bytes" in machine.failure.text


def test_a_folded_line_is_told_of() -> None:
    machine = ClientMachine(SessionPlan(SERVER, "mx.ohio.net", queue_id="Q", line_limit=20))
    for reply in (b"220 hi", b"250 x"):
        machine.receive(reply + b"\r\n")
        machine.next_step()
    machine.begin(mail("b@b.example"))
    for reply in (b"250 ok", b"250 ok", b"354 go"):
        machine.receive(reply + b"\r\n")
        machine.next_step()
    machine.content(b"x" * 30 + b"\r\n")
    machine.content_end()
    assert [text(event) for event in machine.take_events()] == ["Q: breaking line > 20 bytes with <CR><LF>SPACE"]


def test_the_goodbye_is_waited_for_where_that_is_configured() -> None:
    played = Played(SessionPlan(SERVER, "mx.ohio.net", skip_quit_reply=False), mail("b@b.example")).run(PLAIN)
    played.run("S: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 ok")
    played.machine.quit()
    step = played.machine.next_step()
    assert isinstance(step, Waiting)
    assert step.stage is Stage.QUIT
    played.machine.timed_out()
    assert played.machine.next_step() is Want.CLOSE
    assert played.machine.failure is None


@given(st.lists(st.sampled_from([b"220 hi\r\n", b"250 x\r\n", b"250-", b"354 \n", b"421\r\n", b"\xff\x00\r\n", b"5"])))
def test_no_server_can_raise_anything(pieces: list[bytes]) -> None:
    """Whatever comes, the machine waits, wants something, or has ended with an outcome for everybody."""
    played = Played(PLAN, mail("b@b.example", "c@b.example"))
    for piece in pieces:
        played.hear(piece)
    played.machine.lost()
    played.pump()
    assert played.machine.next_step() in (Want.CLOSE, Want.MAIL)
    if played.message is None:
        assert len(played.texts) == 2


STATES = [
    [],
    [b"220 hi"],
    [b"220 hi", b"250-x\r\n250-PIPELINING\r\n250 STARTTLS"],
    [b"220 hi", b"250 x"],
    [b"220 hi", b"250 x", b"250 ok"],
    [b"220 hi", b"250 x", b"250 ok", b"250 ok"],
    [b"220 hi", b"250 x", b"250 ok", b"250 ok", b"550 no"],
    [b"220 hi", b"250 x", b"250 ok", b"250 ok", b"550 no", b"354 go"],
    [b"220 hi", b"250 x", b"250 ok", b"250 ok", b"550 no", b"354 go", b"250 ok"],
    [b"220 hi", b"250 x", b"550 no"],
]
"""What brings a session to each of its states."""

LONG = b"250-" + b"x" * 30_000
RUBBISH = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=50),
        st.sampled_from([b"\r\n", b"\n", b"250", b"250-", b" ", b"354 go\r\n", b"421 bye\r\n", b"550 5.1.1 no\r\n"]),
        st.just(b"LONG"),
    ),
    max_size=12,
)


@pytest.mark.parametrize("dialect", Dialect)
@given(st.sampled_from(STATES), RUBBISH, st.booleans())
def test_whatever_a_server_says_everybody_gets_a_verdict(
    dialect: Dialect, state: list[bytes], rubbish: list[bytes], silent: bool
) -> None:
    played = Played(SessionPlan(SERVER, "mx.ohio.net", dialect=dialect), mail("b@b.example", "c@b.example"))
    for reply in state:
        played.pump()
        played.hear(reply + b"\r\n")
    for word in rubbish:
        piece = LONG if word == b"LONG" else word
        played.hear(piece)
        assert played.machine._talk.reader.size <= REPLY_LIMIT + len(LONG)
    (played.machine.timed_out if silent else played.machine.lost)()
    played.pump()
    assert played.machine.next_step() in (Want.CLOSE, Want.MAIL)
    if played.message is None:
        assert len(played.texts) == 2
    else:
        assert played.machine.failure is not None


@pytest.mark.parametrize("chunk", [None, 1])
def test_replies_can_go_through_somebody_elses_hands(chunk: int | None) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", filters_replies=True)
    played = Played(plan, mail("b@b.example"), chunk=chunk)
    played.run(f"{PIPELINED}S: \\r\\n250 ok\\r\\n554-5.7.1 one\\r\\n554 5.7.1 two\\r\\n554 5.7.1 none")
    words = "450-4.7.1 one 450 4.7.1 two"
    assert played.texts == [("4.7.1", f"host mx.b.example[192.0.2.7] said: {words} (in reply to RCPT TO command)")]


def test_data_of_our_own_that_cannot_be_had_ends_the_session() -> None:
    machine = ClientMachine(SessionPlan(SERVER, "mx.ohio.net", filters_replies=True))
    machine.receive(b"220 hi\r\n")
    assert (machine.next_step(), machine.line) == (Want.LINE, "220 hi")
    machine.data_failed()
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert (machine.failure.dsn, machine.failure.text) == (
        "4.3.0",
        "local data error while talking to mx.b.example[192.0.2.7]",
    )
