"""Our client machine against our server machine: what goes in at one end comes out at the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.address import parse_path
from gatepost.mail.envelope import Notify, Recipient, Ret
from gatepost.mail.reply import Reply
from gatepost.smtp import commands
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Server, SessionPlan, Waiting, Want
from gatepost.smtp.commands import Command, MailParameters, RcptParameters, Verb
from gatepost.smtp.machine import CommandLine, Content, EndOfContent, Limits, Machine, State

OFFERS = ("PIPELINING", "SIZE", "8BITMIME", "DSN", "SMTPUTF8")


class Receiver:
    """A server that takes everything: our machine, and the shortest way around it."""

    def __init__(self, offers: tuple[str, ...]) -> None:
        self.machine = Machine(Limits())
        self.offers = offers
        self.said = Reply.of(220, "", "mx.example ESMTP").render()
        self.machine.replied(Verb.GREETING, Reply.of(220, "", "mx.example ESMTP"))
        self.senders: list[tuple[str, MailParameters]] = []
        self.recipients: list[tuple[str, RcptParameters]] = []
        self.content = b""

    def take(self, data: bytes) -> bytes:
        """What is answered to these bytes."""
        self.machine.receive(data)
        while True:
            match self.machine.next_event():
                case CommandLine(text=line):
                    command = commands.parse(line)
                    assert command is not None
                    self.reply(command.verb, self.answer(command))
                case Content(data=piece):
                    self.content += piece
                case EndOfContent():
                    self.reply(Verb.END_OF_CONTENT, Reply.of(250, "2.0.0", "Ok"))
                case _:
                    said, self.said = self.said, b""
                    return said

    def reply(self, verb: Verb, reply: Reply) -> None:
        self.machine.replied(verb, reply)
        self.said += reply.render()

    def answer(self, command: Command) -> Reply:
        match command.verb:
            case Verb.EHLO:
                return Reply(250, "", ("mx.example", *self.offers))
            case Verb.MAIL:
                found = commands.mail_parameters(command.words[2:], dsn=True, smtputf8=True)
                self.senders.append((parse_path(commands.path_word(command).text), found))
                return Reply.of(250, "2.1.0", "Ok")
            case Verb.RCPT:
                wanted = commands.rcpt_parameters(command.words[2:], dsn=True)
                self.recipients.append((parse_path(commands.path_word(command).text), wanted))
                return Reply.of(250, "2.1.5", "Ok")
            case Verb.DATA:
                return Reply.of(354, "", "End data with <CR><LF>.<CR><LF>")
            case Verb.QUIT:
                return Reply.of(221, "2.0.0", "Bye")
            case _:
                return Reply.of(502, "5.5.2", "Error: command not recognized")


def hand_over(
    mail: Mail, content: bytes, offers: tuple[str, ...] = OFFERS, cut: int = 0
) -> tuple[Receiver, ClientMachine]:
    """Drive both to the end; the client's bytes arrive in pieces of `cut`."""
    receiver = Receiver(offers)
    client = ClientMachine(SessionPlan(Server("mx.example", "192.0.2.1", "25"), "client.example", line_limit=0))
    client.receive(receiver.take(b""))
    sent = False
    while (step := client.next_step()) is not Want.CLOSE:
        match step:
            case Want.MAIL if sent:
                client.quit()
            case Want.MAIL:
                client.begin(mail)
                sent = True
            case Want.CONTENT:
                client.content(content)
                client.content_end()
            case Waiting():
                data = client.take_output()
                assert data, "both sides wait"
                size = cut or len(data)
                for at in range(0, len(data), size):
                    client.receive(receiver.take(data[at : at + size]))
            case Want.TLS:
                raise AssertionError("nothing offers TLS")
    receiver.take(client.take_output())
    return receiver, client


def recipient(address: str) -> Recipient:
    return Recipient(address, address)


@pytest.mark.parametrize("offers", [OFFERS, (), ("DSN", "PIPELINING")])
@pytest.mark.parametrize("cut", [0, 1, 7])
def test_a_mail_arrives_whole(offers: tuple[str, ...], cut: int) -> None:
    content = b"Subject: x\r\n\r\n.\r\n..\r\nQUIT\r\n.\r\n"
    mail = Mail("a@a.example", (recipient("b@b.example"), recipient("c@b.example")), len(content))
    receiver, client = hand_over(mail, content, offers, cut)
    assert [outcome.text for outcome in client.outcomes] == ["250 2.0.0 Ok"] * 2 or not client.outcomes
    assert receiver.content == content
    assert [address for address, _ in receiver.recipients] == ["b@b.example", "c@b.example"]
    assert receiver.machine.state is State.CLOSED


def test_every_parameter_is_understood() -> None:
    wanted = Recipient("b@b.example", "ö@b.example", Notify.SUCCESS | Notify.DELAY, "rfc822;a+b=c@b.example")
    mail = Mail("ä b@a.example", (wanted,), 5, body_8bit=True, smtputf8=True, ret=Ret.HDRS, envid="x+y z")
    receiver, _ = hand_over(mail, b"x\r\n")
    assert receiver.senders == [
        ("ä b@a.example", MailParameters(5, body_8bit=True, smtputf8=True, ret=Ret.HDRS, envid="x+y z"))
    ]
    (address, found) = receiver.recipients[0]
    assert (address, found.notify, found.orcpt) == (
        "b@b.example",
        Notify.SUCCESS | Notify.DELAY,
        "rfc822;a+b=c@b.example",
    )


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"QUIT", b"\r\n.\r\n", b"x", b"\xff"]), max_size=40).map(b"".join),
    st.integers(0, 9),
)
def test_no_content_says_more_than_itself(text: bytes, cut: int) -> None:
    """Nothing in a message can end it, or speak in its sender's place."""
    content = text + b"\r\n"
    receiver, client = hand_over(Mail("", (recipient("b@b.example"),), len(content)), content, cut=cut)
    assert content == receiver.content
    assert len(receiver.senders) == 1
    assert client.failure is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20))
def test_addresses_survive(local: str) -> None:
    address = f"{local}@b.example"
    receiver, _ = hand_over(Mail("", (recipient(address),), 3, smtputf8=True), b"x\r\n")
    assert [address] == [found for found, _ in receiver.recipients]
