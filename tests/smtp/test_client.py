"""The client machine, as dialogs: `S:` is what the server says, `C:` what we must say then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.envelope import Notify, Recipient, Ret
from gatepost.maillog import text
from gatepost.sasl.client import SaslLogin, security_options
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_replies import REPLY_LIMIT
from gatepost.smtp.client_values import Dialect, Hello, Mail, Server, SessionPlan, Stage, TlsLevel, Waiting, Want

SERVER = Server("mx.b.example", "192.0.2.7", "25")
PLAN = SessionPlan(SERVER, "mx.ohio.net", queue_id="4Xyz", nexthop="b.example")
CONTENT = b"Subject: x\r\n\r\n.dot\r\n"

GREETING = """
S: 220 mx.b.example ESMTP
C: EHLO mx.ohio.net
"""
PIPELINED = f"""{GREETING}
S: 250-mx.b.example
S: 250-PIPELINING
S: 250 DSN
"""
PLAIN = f"""{GREETING}
S: 250 mx.b.example
"""


def recipient(address: str, **more: object) -> Recipient:
    return Recipient(address, address, **more)  # type: ignore[arg-type]  # fields by name, for short tables


def mail(*addresses: str, **more: bool) -> Mail:
    return Mail("a@a.example", tuple(map(recipient, addresses)), len(CONTENT), **more)  # type: ignore[arg-type]  # as above


class Played:
    """A machine driven through a dialog. What it wants is done at once: the mail, its content, TLS."""

    def __init__(self, plan: SessionPlan, message: Mail, *, chunk: int | None = None) -> None:
        self.machine = ClientMachine(plan)
        self.message: Mail | None = message
        self.chunk = chunk
        self.said = b""
        self.tls = 0

    def run(self, dialog: str) -> Played:
        for line in filter(None, dialog.splitlines()):
            self.pump()
            side, words = line[:3].strip(), line[3:]
            if side == "S:":
                self.hear(words.encode().decode("unicode_escape").encode("latin-1") + b"\r\n")
            elif side == "C:":
                first, _, self.said = self.said.partition(b"\r\n")
                assert words == first.decode()
        self.pump()
        return self

    def hear(self, data: bytes) -> None:
        size = self.chunk or len(data)
        for start in range(0, len(data), size):
            self.machine.receive(data[start : start + size])
            self.pump()

    def pump(self) -> None:
        while not isinstance(step := self.machine.next_step(), Waiting):
            self.said += self.machine.take_output()
            if step is Want.MAIL and self.message is not None:
                self.machine.begin(self.message)
                self.message = None
            elif step is Want.MAIL:
                break
            elif step is Want.CONTENT:
                self.machine.content(CONTENT)
                self.machine.content_end()
            elif step is Want.TLS:
                self.tls += 1
                self.machine.tls_started()
            else:
                break
        self.said += self.machine.take_output()

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(outcome.dsn, outcome.text) for outcome in self.machine.outcomes]

    @property
    def lines(self) -> list[str]:
        return [text(event) for event in self.machine.take_events()]


def play(dialog: str, *addresses: str, plan: SessionPlan = PLAN, **more: bool) -> Played:
    return Played(plan, mail(*(addresses or ("b@b.example",)), **more)).run(dialog)


SENT = f"""{PIPELINED}
C: MAIL FROM:<a@a.example>
C: RCPT TO:<b@b.example> ORCPT=rfc822;b@b.example
C: DATA
S: 250 2.1.0 Ok
S: 250 2.1.5 Ok
S: 354 go
C: Subject: x
C:{" "}
C: ..dot
C: .
S: 250 2.0.0 Ok: queued as 1
"""


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
    ("dialog", "dsn", "words"),
    [
        ("S: 554 5.7.1 no\nC: QUIT", "4.7.1", "refused to talk to me: 554 5.7.1 no"),
        ("S: 421 later\nC: QUIT", "4.0.0", "refused to talk to me: 421 later"),
        (f"{GREETING}S: 421 4.3.2 later\nC: QUIT", "4.3.2", "refused to talk to me: 421 4.3.2 later"),
        (
            f"{GREETING}S: 502 what\nC: HELO mx.ohio.net\nS: 550 5.7.1 go away\nC: QUIT",
            "5.7.1",
            "refused to talk to me: 550 5.7.1 go away",
        ),
    ],
)
def test_a_server_that_refuses_to_talk(dialog: str, dsn: str, words: str) -> None:
    played = play(dialog)
    assert played.machine.failure is not None
    assert (dsn, f"host mx.b.example[192.0.2.7] {words}") == (played.machine.failure.dsn, played.machine.failure.text)
    assert played.machine.next_step() is Want.CLOSE


def test_a_5xx_greeting_can_be_taken_at_its_word() -> None:
    played = play("S: 554 no", plan=SessionPlan(SERVER, "mx.ohio.net", skip_5xx_greeting=False))
    assert played.machine.failure is not None
    assert played.machine.failure.dsn == "5.0.0"


def test_an_old_server_is_spoken_to_in_old_smtp() -> None:
    played = play(f"{GREETING}S: 502 what\nC: HELO mx.ohio.net\nS: 250 x\nC: MAIL FROM:<a@a.example>\n")
    assert played.machine.failure is None


def test_meeting_ourselves_is_a_loop() -> None:
    played = play("S: 220 MX.ohio.net hi\nC: EHLO mx.ohio.net\nS: 250 MX.ohio.net\nC: QUIT")
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (
        "5.4.6",
        "mail for b.example loops back to myself",
    )
    assert played.lines == [
        "warning: host mx.b.example[192.0.2.7]:25 greeted me with my own hostname mx.ohio.net",
        "warning: host mx.b.example[192.0.2.7]:25 replied to HELO/EHLO with my own hostname mx.ohio.net",
    ]


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


# TLS


def test_tls_begins_the_session_anew() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls=TlsLevel.MAY)
    played = play(
        f"{GREETING}S: 250-x\nS: 250-STARTTLS\nS: 250 DSN\nC: STARTTLS\nS: 220 go\nC: EHLO mx.ohio.net", plan=plan
    )
    played.run("S: 250 x\nC: MAIL FROM:<a@a.example>")
    assert played.tls == 1
    assert not played.machine.offered


@pytest.mark.parametrize(
    ("level", "dialog", "dsn", "words"),
    [
        (
            TlsLevel.ENCRYPT,
            "S: 250 x\nC: QUIT",
            "4.7.4",
            "TLS is required, but was not offered by host mx.b.example[192.0.2.7]",
        ),
        (
            TlsLevel.ENCRYPT,
            "S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 no TLS\nC: QUIT",
            "4.7.0",
            "TLS is required, but host mx.b.example[192.0.2.7] refused to start TLS: 454 4.7.0 no TLS",
        ),
        (
            TlsLevel.MAY,
            "S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\\r\\n250 injected",
            "4.7.5",
            "host mx.b.example[192.0.2.7] sent data ahead of the TLS handshake",
        ),
    ],
)
def test_tls_that_cannot_be_had(level: TlsLevel, dialog: str, dsn: str, words: str) -> None:
    played = play(f"{GREETING}{dialog}", plan=SessionPlan(SERVER, "mx.ohio.net", tls=level))
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (dsn, words)
    assert played.tls == 0


def test_tls_that_is_refused_is_done_without_where_that_is_allowed() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls=TlsLevel.MAY)
    play(f"{GREETING}S: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no\nC: MAIL FROM:<a@a.example>", plan=plan)


def test_our_own_missing_tls_matters_only_where_it_is_required() -> None:
    for level, said in ((TlsLevel.MAY, b"MAIL FROM:<a@a.example>\r\n"), (TlsLevel.ENCRYPT, b"QUIT\r\n")):
        plan = SessionPlan(SERVER, "mx.ohio.net", tls=level, tls_usable=False)
        assert said == play(f"{GREETING}S: 250-x\nS: 250 STARTTLS", plan=plan).said


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


def test_tls_may_come_first() -> None:
    played = play("S: 220 hi\nC: EHLO mx.ohio.net", plan=SessionPlan(SERVER, "mx.ohio.net", tls_first=True))
    assert played.tls == 1


def test_tls_from_the_first_byte_cannot_be_done_without() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", tls_first=True, tls_usable=False)
    machine = ClientMachine(plan)
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert machine.failure.text == "TLS is required, but our TLS engine is unavailable"


@pytest.mark.parametrize(
    ("hello", "greeting", "command"),
    [
        (Hello.ALWAYS, "220 hi", "EHLO"),
        (Hello.WHEN_GREETED, "220 hi", "HELO"),
        (Hello.WHEN_GREETED, "220 mx ESMTP hi", "EHLO"),
        (Hello.NEVER, "220 mx ESMTP hi", "HELO"),
    ],
)
def test_ehlo_is_said_as_configured(hello: Hello, greeting: str, command: str) -> None:
    played = play(f"S: {greeting}\nC: {command} mx.ohio.net", plan=SessionPlan(SERVER, "mx.ohio.net", hello=hello))
    played.run("S: 250-x\nS: 250 DSN")
    assert bool(played.machine.offered) is (command == "EHLO")


# Login

LOGIN = SaslLogin("u", "p")
OFFER = f"{GREETING}S: 250-x\nS: 250 AUTH "


@pytest.mark.parametrize(
    ("mechanisms", "dialog"),
    [
        ("PLAIN LOGIN", "C: AUTH PLAIN AHUAcA==\nS: 235 ok\n"),
        ("LOGIN", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dQ==\nS: 334 UGFzc3dvcmQ6\nC: cA==\nS: 235 ok\n"),
        (
            "PLAIN CRAM-MD5",
            (
                "C: AUTH CRAM-MD5\nS: 334 PDEyM0BleGFtcGxlPg==\n"
                "C: dSA3MzhlNDE2ZjI4MDYxZDAwZjAzZDNhYTgyMjg0Y2ZkMA==\nS: 235 ok\n"
            ),
        ),
    ],
)
def test_login(mechanisms: str, dialog: str) -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN)
    play(f"{OFFER}{mechanisms}\n{dialog}C: MAIL FROM:<a@a.example>", plan=plan)


@pytest.mark.parametrize(
    ("login", "dialog", "dsn", "words"),
    [
        (
            LOGIN,
            "PLAIN\nC: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 bad credentials\nC: QUIT",
            "4.7.8",
            "failed; server mx.b.example[192.0.2.7] said: 535 5.7.8 bad credentials",
        ),
        (
            LOGIN,
            "LOGIN\nC: AUTH LOGIN\nS: 334 ???\nC: *\nS: 501 cancelled\nC: QUIT",
            "4.0.0",
            "failed; server mx.b.example[192.0.2.7] said: 501 cancelled",
        ),
        (
            SaslLogin("u", "p", security_options(("noplaintext",))),
            "PLAIN\nC: QUIT",
            "4.7.0",
            "failed; cannot authenticate to server mx.b.example[192.0.2.7]: no mechanism available",
        ),
        (
            SaslLogin("u", "p", allowed=frozenset({"CRAM-MD5"})),
            "PLAIN LOGIN\nC: QUIT",
            "4.7.0",
            (
                "failed: server mx.b.example[192.0.2.7] offered no compatible authentication mechanisms "
                "for this type of connection security"
            ),
        ),
    ],
)
def test_login_that_fails(login: SaslLogin, dialog: str, dsn: str, words: str) -> None:
    played = play(f"{OFFER}{dialog}", plan=SessionPlan(SERVER, "mx.ohio.net", credentials=login))
    assert played.machine.failure is not None
    assert (played.machine.failure.dsn, played.machine.failure.text) == (dsn, f"SASL authentication {words}")


def test_a_refused_login_can_bounce() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN, soft_login=False)
    played = play(f"{OFFER}PLAIN\nS: 535 nope", plan=plan)
    assert played.machine.failure is not None
    assert played.machine.failure.dsn == "5.0.0"


def test_a_login_that_goes_on_for_ever_is_given_up() -> None:
    class Endless:
        mechanism = "X"

        def initial(self) -> None:
            return None

        def answer(self, challenge: str) -> str:
            return challenge

    class Credentials:
        def supported(self, offered: tuple[str, ...]) -> tuple[str, ...]:
            return offered

        def begin(self, mechanisms: tuple[str, ...], *, tls: bool) -> Endless:
            del mechanisms, tls
            return Endless()

    plan = SessionPlan(SERVER, "mx.ohio.net", credentials=Credentials())
    played = play(f"{OFFER}X\n" + "S: 334 eA==\n" * 11, plan=plan)
    assert played.machine.failure is not None
    assert "authentication protocol loop" in played.machine.failure.text


def test_no_login_where_none_is_offered() -> None:
    play(f"{PLAIN}C: MAIL FROM:<a@a.example>", plan=SessionPlan(SERVER, "mx.ohio.net", credentials=LOGIN))


# Broken connections

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


def test_lmtp_recipients_that_were_answered_keep_their_answer() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", dialect=Dialect.LMTP)
    played = Played(plan, mail("b@b.example", "c@b.example")).run("S: 220 hi\nS: 250 x\n")
    played.run("S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nS: 250 first\n")
    played.machine.lost()
    assert [dsn for dsn, _ in played.texts] == ["2.0.0", "4.4.2"]


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


# Hostile servers


def test_a_reply_that_comes_before_its_command_ends_the_session() -> None:
    """Otherwise every answer would be taken for the one to the command before."""
    played = play("S: 220 hi\\r\\n250 x")
    assert played.machine.failure is not None
    assert "sent a reply ahead of its command" in played.machine.failure.text


def test_a_farewell_may_come_at_any_time() -> None:
    played = play(f"{GREETING}S: 250 x\\r\\n421 4.3.2 shutting down")
    assert played.texts == [
        ("4.3.2", "host mx.b.example[192.0.2.7] said: 421 4.3.2 shutting down (in reply to MAIL FROM command)")
    ]


def test_an_endless_reply_ends_the_session() -> None:
    machine = ClientMachine(PLAN)
    machine.receive(b"220-x\r\n" * REPLY_LIMIT)
    assert machine.next_step() is Want.CLOSE
    assert machine.failure is not None
    assert "more than 65536 bytes" in machine.failure.text


def test_a_server_that_lost_count_of_our_commands_gets_no_content() -> None:
    """It asks for content where a recipient's reply is due, so the content would answer nobody knows what."""
    played = Played(PLAN, mail("b@b.example", "c@b.example")).run(PIPELINED)
    played.run("S: 250 ok\nS: 354 go")
    assert [dsn for dsn, _ in played.texts] == ["5.5.0", "4.5.0"]
    assert played.machine.next_step() is Want.CLOSE
    assert [line.partition(" for ")[0] for line in played.lines] == [
        "warning: to prevent loss of mail, turn off command pipelining"
    ]


def test_lines_that_are_no_reply_are_told_of_and_passed_over() -> None:
    played = play("S: hello\nS: 220 hi\nC: EHLO mx.ohio.net")
    assert played.lines == ["warning: 4Xyz: non-ESMTP response from mx.b.example[192.0.2.7]:25: hello"]


def test_hidden_extensions_are_not_used() -> None:
    plan = SessionPlan(SERVER, "mx.ohio.net", discard=frozenset({"PIPELINING", "DSN"}))
    assert play(PIPELINED, plan=plan).said == b"MAIL FROM:<a@a.example>\r\n"


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
