"""Dialogs for the client machine: `S:` is what the server says, `C:` what we must say then."""

from __future__ import annotations

from gatepost.mail.envelope import Recipient
from gatepost.maillog import text
from gatepost.smtp.client import ClientMachine
from gatepost.smtp.client_values import Mail, Server, SessionPlan, Waiting, Want

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
        self.pauses = 0

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
            elif step is Want.LINE:
                self.machine.line_read((self.machine.line or "").replace("5.7.1", "4.7.1").replace("554", "450"))
            elif step is Want.PAUSE:
                self.pauses += 1
                self.machine.paused()
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
