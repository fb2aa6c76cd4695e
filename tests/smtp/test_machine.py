"""The machine: a reply moves it, a command never does; what comes too early waits, or is dropped."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.reply import Reply
from gatepost.smtp.commands import Verb, parse
from gatepost.smtp.machine import (
    IN_TRANSACTION,
    NEED_DATA,
    PAUSED,
    TABLE,
    CommandLine,
    Content,
    EndOfContent,
    Event,
    Limits,
    Machine,
    Response,
    State,
)


def reply(code: int) -> Reply:
    return Reply.of(code, "", "x")


def machine(*said: tuple[Verb, int], limits: Limits | None = None) -> Machine:
    """A machine that has said its greeting, and then replied like this."""
    made = Machine(limits or Limits())
    for verb, code in ((Verb.GREETING, 220), *said):
        made.replied(verb, reply(code))
    return made


MAIL = (Verb.MAIL, 250)
RCPT = (Verb.RCPT, 250)
DATA = (Verb.DATA, 354)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], State.IDLE),
        ([MAIL], State.SENDER),
        ([(Verb.MAIL, 450)], State.IDLE),
        ([MAIL, RCPT], State.RECIPIENTS),
        ([MAIL, (Verb.RCPT, 550)], State.SENDER),
        ([RCPT], State.IDLE),
        ([MAIL, RCPT, DATA], State.CONTENT),
        ([MAIL, RCPT, (Verb.DATA, 450)], State.RECIPIENTS),
        ([MAIL, RCPT, DATA, (Verb.END_OF_CONTENT, 250)], State.IDLE),
        ([MAIL, RCPT, DATA, (Verb.END_OF_CONTENT, 550)], State.IDLE),
        ([MAIL, RCPT, (Verb.BDAT, 250)], State.CHUNKS),
        ([MAIL, RCPT, (Verb.BDAT, 551)], State.BROKEN),
        ([(Verb.BDAT, 503)], State.BROKEN),
        ([(Verb.BDAT, 503), (Verb.LAST_CHUNK, 551)], State.IDLE),
        ([(Verb.BDAT, 503), (Verb.RSET, 250)], State.IDLE),
        ([MAIL, RCPT, (Verb.RSET, 250)], State.IDLE),
        ([MAIL, RCPT, (Verb.RSET, 501)], State.RECIPIENTS),
        ([MAIL, (Verb.EHLO, 250)], State.IDLE),
        ([MAIL, (Verb.EHLO, 550)], State.SENDER),
        ([MAIL, (Verb.NOOP, 250), (Verb.VRFY, 252)], State.SENDER),
        ([(Verb.AUTH, 334)], State.LOGIN),
        ([(Verb.AUTH, 334), (Verb.RESPONSE, 334)], State.LOGIN),
        ([(Verb.AUTH, 334), (Verb.RESPONSE, 535)], State.IDLE),
        ([MAIL, (Verb.STARTTLS, 220)], State.SECURING),
        ([(Verb.STARTTLS, 454)], State.IDLE),
        ([(Verb.QUIT, 221)], State.CLOSED),
        ([MAIL, (Verb.RCPT, 421)], State.CLOSED),
        ([(Verb.NOOP, 521)], State.CLOSED),
        ([(Verb.UNKNOWN, 500)], State.IDLE),
        ([(Verb.UNKNOWN, 221)], State.CLOSED),
    ],
)
def test_replies_move_the_machine(said: list[tuple[Verb, int]], state: State) -> None:
    assert state is machine(*said).state


def test_the_table_has_no_way_past_a_recipient() -> None:
    """Content is only ever taken after an accepted MAIL and an accepted RCPT."""
    for (state, verb, digit), after in TABLE.items():
        if after in (State.CONTENT, State.CHUNKS):
            assert state in (State.RECIPIENTS, State.CHUNKS), (state, verb, digit)
        if after is State.RECIPIENTS:
            assert (State.SENDER, Verb.RCPT, 2) == (state, verb, digit)
        if after is State.SENDER:
            assert (State.IDLE, Verb.MAIL, 2) == (state, verb, digit)


@pytest.mark.parametrize(("state", "verb"), list(product(IN_TRANSACTION, (Verb.RSET, Verb.EHLO, Verb.HELO))))
def test_a_fresh_start_ends_every_transaction(state: State, verb: Verb) -> None:
    if state is not State.CONTENT:
        assert State.IDLE is TABLE[state, verb, 2]


def test_nothing_is_read_while_a_reply_is_owed() -> None:
    made = machine()
    made.receive(b"NOOP\r\nQUIT\r\n")
    assert CommandLine("NOOP") == made.next_event()
    assert PAUSED is made.next_event()
    assert b"QUIT\r\n" == made.pending(100)
    made.replied(Verb.NOOP, reply(250))
    assert CommandLine("QUIT") == made.next_event()
    made.replied(Verb.QUIT, reply(221))
    assert PAUSED is made.next_event()


def test_the_greeting_is_owed_first() -> None:
    made = Machine(Limits())
    made.receive(b"EHLO early\r\n")
    assert PAUSED is made.next_event()
    assert 12 == made.waiting


def test_content_until_the_dot() -> None:
    made = machine(MAIL, RCPT, DATA)
    assert made.receiving
    made.receive(b"Subject: x\r\n\r\n..\r\n.\r\nNOOP\r\n")
    assert [Content(b"Subject: x\r\n\r\n.\r\n"), EndOfContent(), PAUSED] == [made.next_event() for _ in range(3)]
    made.replied(Verb.END_OF_CONTENT, reply(250))
    assert CommandLine("NOOP") == made.next_event()


def test_bare_newlines_are_told() -> None:
    made = machine()
    made.receive(b"NOOP\n")
    assert CommandLine("NOOP", bare_newline=True) == made.next_event()
    made = machine(MAIL, RCPT, DATA)
    made.receive(b"a\nb\r\n.\r\n")
    assert [Content(b"a\r\nb\r\n"), EndOfContent(bare_newline=True)] == [made.next_event() for _ in range(2)]


def test_chunks_are_read_before_their_reply() -> None:
    made = machine(MAIL, RCPT)
    made.receive(b"BDAT 5\r\nabc\r\nBDAT 2 LAST\r\nde")
    assert CommandLine("BDAT 5") == made.next_event()
    made.take_chunk(5, discard=False)
    assert [Content(b"abc\r\n"), EndOfContent(), PAUSED] == [made.next_event() for _ in range(3)]
    made.replied(Verb.BDAT, reply(250))
    assert CommandLine("BDAT 2 LAST") == made.next_event()
    made.take_chunk(2, discard=False)
    assert [Content(b"de"), EndOfContent()] == [made.next_event() for _ in range(2)]
    assert b"\r\n" == made.finish_chunks()
    made.replied(Verb.LAST_CHUNK, reply(250))
    assert State.IDLE is made.state


def test_a_refused_chunk_is_read_over() -> None:
    made = machine()
    made.receive(b"BDAT 6\r\nQUIT\r")
    made.next_event()
    made.take_chunk(6, discard=True)
    assert NEED_DATA is made.next_event()
    made.receive(b"\nNOOP\r\n")
    assert EndOfContent() == made.next_event()
    made.replied(Verb.BDAT, reply(503))
    assert CommandLine("NOOP") == made.next_event()


def test_responses_have_a_limit_of_their_own() -> None:
    made = machine((Verb.AUTH, 334), limits=Limits(line_length=10, response_length=20))
    made.receive(b"x" * 15 + b"\r\n")
    assert Response("x" * 15) == made.next_event()
    made.replied(Verb.RESPONSE, reply(334))
    made.receive(b"x" * 25 + b"\r\n")
    assert Response("x" * 20, overlong=True) == made.next_event()


def test_what_was_sent_behind_starttls_is_dropped() -> None:
    made = machine()
    made.receive(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
    assert CommandLine("STARTTLS") == made.next_event()
    made.replied(Verb.STARTTLS, reply(220))
    assert PAUSED is made.next_event()
    made.tls_started()
    made.tls_established()
    assert NEED_DATA is made.next_event()
    assert 0 == made.waiting


def test_a_closed_machine_reads_nothing() -> None:
    made = machine()
    made.close()
    made.receive(b"NOOP\r\n")
    assert PAUSED is made.next_event()
    assert 0 == made.waiting


def test_bytes_that_are_no_utf8_survive() -> None:
    made = machine()
    made.receive(b"NOOP \xff\r\n")
    assert CommandLine("NOOP \udcff") == made.next_event()


CODES = st.sampled_from([220, 250, 334, 354, 421, 450, 500, 550])
LINES = [b"\r\n", b"\n", b".\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<a@b>\r\n", b"DATA\r\n", b"BDAT 3 LAST\r\n"]
MORE = [b"BDAT 9\r\n", b"RSET\r\n", b"AUTH LOGIN\r\n", b"x" * 3000, b"EHLO x\r\n"]
INPUT = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([*LINES, *MORE])), max_size=20)


@given(INPUT, st.lists(CODES, max_size=30))
def test_any_bytes_give_events(parts: list[bytes], codes: list[int]) -> None:
    """Whatever comes, and whatever is replied, there are events and no exceptions; and it ends."""
    made = machine()
    for part in parts:
        made.receive(part)
        for _ in range(200):
            event = made.next_event()
            if event is NEED_DATA or made.state in (State.CLOSED, State.SECURING):
                break
            _answer(made, event, codes.pop() if codes else 250)
        else:
            raise AssertionError("it goes on for ever")


def _answer(made: Machine, event: Event, code: int) -> None:
    match event:
        case CommandLine(text):
            command = parse(text)
            verb = command.verb if command else Verb.UNKNOWN
            if verb is Verb.BDAT:
                made.take_chunk(3, discard=code >= 400)
                while not isinstance(made.next_event(), EndOfContent):
                    made.receive(b"x")
            made.replied(verb, reply(code))
        case Response():
            made.replied(Verb.RESPONSE, reply(code))
        case EndOfContent():
            made.replied(Verb.END_OF_CONTENT, reply(code))
        case _:
            assert isinstance(event, Content)
            assert event.data


@given(
    st.lists(st.sampled_from([b"NOOP\r\n", b"RSET\n", b"x\xff\r\n", b"y" * 50 + b"\r\n"]), max_size=8),
    st.integers(1, 9),
)
def test_cutting_does_not_change_events(lines: list[bytes], size: int) -> None:
    def events(parts: list[bytes]) -> list[Event]:
        made, found = machine(limits=Limits(line_length=40)), list[Event]()
        for part in parts:
            made.receive(part)
            while (event := made.next_event()) is not NEED_DATA:
                found.append(event)
                made.replied(Verb.NOOP, reply(250))
        return found

    data = b"".join(lines)
    assert events([data]) == events([data[start : start + size] for start in range(0, len(data), size)])
