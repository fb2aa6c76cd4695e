"""One mail transaction, as dialogs."""

from __future__ import annotations

import pytest

from gatepost.mail.envelope import Notify, Origin, Recipient, Ret
from gatepost.smtp.client_values import Dialect, Mail, Server, SessionPlan, Want
from tests.fakes.played import CONTENT, GREETING, PIPELINED, PLAIN, PLAN, SENT, SERVER, Played, mail, play, recipient


@pytest.mark.parametrize("chunk", [None, 1])
def test_a_mail_goes_out_in_one_group_where_pipelining_is_offered(chunk: int | None) -> None:
    played = Played(PLAN, mail("b@b.example"), chunk=chunk).run(SENT)
    assert played.texts == [("2.0.0", "250 2.0.0 Ok: queued as 1")]
    assert played.machine.next_step() is Want.MAIL
    played.machine.quit()
    assert played.machine.next_step() is Want.CLOSE
    assert played.machine.take_output() == b"QUIT\r\n"


def test_without_pipelining_every_command_waits_for_its_reply() -> None:
    played = play(
        f"""{PLAIN}
C: MAIL FROM:<a@a.example>
S: 250 ok
C: RCPT TO:<b@b.example>
S: 250 ok
C: RCPT TO:<c@b.example>
S: 550 5.1.1 no such user
C: DATA
S: 354 go
C: Subject: x
C:{" "}
C: ..dot
C: .
S: 250 ok
""",
        "b@b.example",
        "c@b.example",
    )
    said = "host mx.b.example[192.0.2.7] said: 550 5.1.1 no such user (in reply to RCPT TO command)"
    assert played.texts == [("2.0.0", "250 ok"), ("5.1.1", said)]


@pytest.mark.parametrize(
    ("hello", "envelope"),
    [
        (
            PIPELINED,
            "S: 451 later\nS: 503 x\nS: 503 x\nS: 354 go\nC: .\nS: 554 no\n",
        ),
        (PIPELINED, "S: 451 later\nS: 503 x\nS: 503 x\nS: 503 x\nC: RSET\nS: 250 ok\n"),
        (PLAIN, "S: 451 later\nC: RSET\nS: 250 ok\n"),
    ],
)
def test_a_refused_sender_counts_for_all_recipients(hello: str, envelope: str) -> None:
    played = Played(PLAN, mail("b@b.example", "c@b.example")).run(hello)
    played.said = b""
    played.run(envelope)
    said = "host mx.b.example[192.0.2.7] said: 451 later (in reply to MAIL FROM command)"
    assert played.texts == [("4.0.0", said)] * 2
    assert played.machine.next_step() is Want.MAIL


def test_all_recipients_refused_but_data_accepted_sends_nothing() -> None:
    played = Played(PLAN, mail("b@b.example")).run(PIPELINED)
    played.said = b""
    played.run("S: 250 ok\nS: 550-5.1.1 no\nS: 550 5.1.1 such user\nS: 354 go\nC: .\nS: 250 ok\n")
    said = "host mx.b.example[192.0.2.7] said: 550-5.1.1 no 550 5.1.1 such user (in reply to RCPT TO command)"
    assert played.texts == [("5.1.1", said)]


def test_lmtp_answers_for_each_recipient() -> None:
    plan = SessionPlan(Server("127.0.0.21", "127.0.0.21", "24"), "mx.ohio.net", dialect=Dialect.LMTP)
    played = Played(plan, mail("b@b.example", "c@b.example", "d@b.example"))
    played.run("S: 220 hi\nC: LHLO mx.ohio.net\nS: 250-x\nS: 250 PIPELINING\n")
    played.run("S: 250 ok\nS: 250 ok\nS: 550 5.1.1 no\nS: 250 ok\nS: 354 go\nS: 250 2.0.0 one\nS: 452 4.2.2 full\n")
    assert [(dsn, words.partition("said: ")[2] or words) for dsn, words in played.texts] == [
        ("2.0.0", "250 2.0.0 one"),
        ("5.1.1", "550 5.1.1 no (in reply to RCPT TO command)"),
        ("4.2.2", "452 4.2.2 full (in reply to end of DATA command)"),
    ]


@pytest.mark.parametrize(
    ("offers", "message", "commands"),
    [
        (
            "SIZE 99999\nS: 250-8BITMIME\nS: 250-SMTPUTF8\nS: 250 DSN",
            Mail(
                "ä@a.example",
                (Recipient("ö@b.example", "o@b.example", Notify.SUCCESS | Notify.FAILURE | Notify.DELAY),),
                20,
                body_8bit=True,
                smtputf8=True,
                needs_utf8=True,
                ret=Ret.HDRS,
                envid="x+y",
            ),
            [
                "MAIL FROM:<ä@a.example> SIZE=20 BODY=8BITMIME ENVID=x+2By RET=HDRS SMTPUTF8",
                "RCPT TO:<ö@b.example> ORCPT=rfc822;o@b.example NOTIFY=SUCCESS,FAILURE,DELAY",
            ],
        ),
        (
            "8BITMIME\nS: 250 DSN",
            Mail("", (Recipient("jo e@b.example", "jo e@b.example", Notify.NEVER, "rfc822;x+y"),), 20, body_7bit=True),
            ["MAIL FROM:<> BODY=7BIT", 'RCPT TO:<"jo e"@b.example> ORCPT=rfc822;x+2By NOTIFY=NEVER'],
        ),
        (
            "HELP\nS: 250 X",
            Mail("", (Recipient("b@b.example", "b@b.example", Notify.NEVER),), 20, body_8bit=True, ret=Ret.FULL),
            ["MAIL FROM:<>", "RCPT TO:<b@b.example>"],
        ),
    ],
)
def test_parameters_are_those_that_the_server_offers(offers: str, message: Mail, commands: list[str]) -> None:
    played = Played(PLAN, message).run(f"{GREETING}S: 250-x\nS: 250-{offers}\n")
    shown = [played.said.decode().strip()]
    played.said = b""
    played.run("S: 250 ok\n")
    shown.append(played.said.decode().strip())
    assert shown == commands


@pytest.mark.parametrize(
    ("more", "dsn", "words"),
    [
        (
            {"smtputf8": True, "needs_utf8": True},
            "5.6.7",
            "SMTPUTF8 is required, but was not offered by host mx.b.example[192.0.2.7]",
        ),
        ({}, "5.3.4", f"message size {len(CONTENT)} exceeds size limit 10 of server mx.b.example[192.0.2.7]"),
    ],
)
def test_what_the_server_cannot_take_is_not_sent(more: dict[str, bool], dsn: str, words: str) -> None:
    played = Played(PLAN, mail("b@b.example", **more)).run(f"{GREETING}S: 250-x\nS: 250 SIZE 10")
    assert played.texts == [(dsn, words)]
    assert played.said == b""


def test_a_message_that_needs_no_utf8_goes_to_any_server() -> None:
    play(f"{PLAIN}C: MAIL FROM:<a@a.example>", smtputf8=True)


def test_lmtp_recipients_that_were_answered_keep_their_answer() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", dialect=Dialect.LMTP)
    played = Played(plan, mail("b@b.example", "c@b.example")).run("S: 220 hi\nS: 250 x\n")
    played.run("S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 first\n")
    played.machine.lost()
    assert [dsn for dsn, _ in played.texts] == ["2.0.0", "4.4.2"]


def test_a_server_that_lost_count_of_our_commands_gets_no_content() -> None:
    """It asks for content where a recipient's reply is due, so the content would answer nobody knows what."""
    played = Played(PLAN, mail("b@b.example", "c@b.example")).run(PIPELINED)
    played.run("S: 250 ok\nS: 354 go")
    assert [dsn for dsn, _ in played.texts] == ["5.5.0", "4.5.0"]
    assert played.machine.next_step() is Want.CLOSE
    assert [line.partition(" for ")[0] for line in played.lines] == [
        "warning: to prevent loss of mail, turn off command pipelining"
    ]


def test_hidden_extensions_are_not_used() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", discard=frozenset({"PIPELINING", "DSN"}))
    assert play(PIPELINED, plan=plan).said == b"MAIL FROM:<a@a.example>\r\n"


@pytest.mark.parametrize(("pauses", "greeting"), [(1, "220 ****"), (0, "220 hi")])
def test_behind_such_a_firewall_the_dot_comes_later(pauses: int, greeting: str) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", pix=frozenset({"delay_dotcrlf"}))
    played = play(f"S: {greeting}\nS: 250 x\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 taken", plan=plan)
    assert (played.texts, played.pauses) == ([("2.0.0", "250 taken")], pauses)


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(("refused", "reply"), [(False, "250 ok"), (True, "501 5.5.4 bad")])
def test_a_refused_origin_is_told_of_and_passed_over(refused: bool, reply: str, pipelining: bool) -> None:
    origin = Origin("c[192.0.2.9]", "c", "192.0.2.9", protocol="ESMTP")
    message = Mail("a@a.example", (recipient("b@b.example"),), len(CONTENT), origin=origin)
    played = Played(PLAN, message).run(f"{GREETING}S: 250-x\n" + "S: 250-PIPELINING\n" * pipelining)
    played.run("S: 250 XFORWARD NAME PROTO\nC: XFORWARD NAME=c")
    played.run(f"S: {reply}\nC: XFORWARD PROTO=ESMTP\nS: {reply}\nC: MAIL FROM:<a@a.example>")
    played.run("S: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 taken")
    assert played.texts == [("2.0.0", "250 taken")]
    words = f"warning: host mx.b.example[192.0.2.7]:25 said: {reply} (in reply to XFORWARD"
    assert played.lines == [f"{words} {what} command)" for what in ("name/address", "helo/protocol")] * refused
