"""How other servers behave: scripts for `FakePeer`, each with the recipients of the mail that meets it.

What Postfix's client makes of each is recorded in tests/delivery/behaviours.json: `tests/peers/test_behaviours.py` asks
a real Postfix, `tests/delivery/test_behaviours.py` holds our client against the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.peer import FakePeer

PIPELINING = ("PIPELINING",)
TWO = ("b@b.example", "c@b.example")


@dataclass(frozen=True)
class Behaviour:
    """One server, or two that are tried in turn: what `FakePeer` is made of, and who gets mail through it."""

    script: dict[str, Any] = field(default_factory=dict)
    recipients: tuple[str, ...] = ("b@b.example",)
    then: dict[str, Any] | None = None
    lmtp: bool = False

    def peers(self) -> list[FakePeer]:
        """The servers."""
        scripts = [self.script, *([] if self.then is None else [self.then])]
        return [FakePeer(**{"offers": (), **script}) for script in scripts]

    def nexthop(self, peers: list[FakePeer]) -> str:
        """The next hop, or the list of them, that leads to the servers."""
        inet = "inet:" if self.lmtp else ""
        return ", ".join(f"{inet}[{peer.address}]:{peer.port}" for peer in peers)


def _says(point: str, reply: str, *recipients: str, offers: tuple[str, ...] = ()) -> Behaviour:
    return Behaviour({"replies": {point: reply}, "offers": offers}, recipients or ("b@b.example",))


GREETINGS = {
    "multi-line": "220-peer.example\r\n220 ESMTP",
    "421": "421 4.3.2 busy",
    "450": "450 4.7.1 later",
    "554": "554 5.7.1 no",
    "554 plain": "554 no",
    "250": "250 hello",
    "354": "354 go on",
    "junk first": "hello\r\n220 peer.example",
    "own name": "220 mx.ohio.net ESMTP",
    "two replies": "220 one\r\n250 two",
    "no text": "220",
    "odd code": "999 what",
    "one digit more": "2200 what\r\n220 hi",
    "controls": "550 a\tb\x01c\x7fd",
    "long": "554 " + "x" * 3000,
    "mixed codes": "220-one\r\n554 two",
}

HELLOS = {
    "421": "421 4.3.2 busy",
    "450": "450 4.7.1 later",
    "500": "500 5.5.1 what",
    "550": "550 5.7.1 no",
    "354": "354 go on",
    "own name": "250 mx.ohio.net",
    "size too small": "250-peer.example\r\n250 SIZE 10",
    "size of none": "250-peer.example\r\n250 SIZE 0",
    "size of nonsense": "250-peer.example\r\n250 SIZE ten",
    "equals sign": "250-peer.example\r\n250-SIZE=10\r\n250 AUTH=LOGIN",
    "mixed codes": "250-peer.example\r\n550 no",
}

SENDERS = {
    "251": "251 ok",
    "354": "354 go on",
    "421": "421 4.3.2 busy",
    "450": "450 4.7.1 later",
    "550": "550 5.7.1 no",
    "550 plain": "550 no",
    "552": "552 5.3.4 too big",
    "class does not fit": "550 4.1.8 later",
    "status without text": "550 5.1.8",
    "odd status": "550 5.1.8000 no",
    "multi-line": "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three",
    "statuses differ": "550-5.7.1 one\r\n550 5.7.2 two",
    "controls": "550 5.7.1 a\tb\x01c\x7fd",
    "utf-8": "550 5.7.1 nö",
    "junk first": "hello\r\n250 ok",
    "long": "550 5.7.1 " + "x" * 3000,
    "two replies": "250 ok\r\n250 ok",
}

RECIPIENTS = {
    "251": "251 ok",
    "252": "252 perhaps",
    "421": "421 4.3.2 busy",
    "450": "450 4.2.1 later",
    "452": "452 4.5.3 too many",
    "550": "550 5.1.1 no such user",
    "551": "551 5.1.6 elsewhere",
    "552": "552 5.2.2 full",
    "553": "553 5.1.3 bad",
}

DATAS = {
    "250": "250 ok",
    "421": "421 4.3.2 busy",
    "450": "450 4.2.0 later",
    "503": "503 5.5.1 no recipients",
    "554": "554 5.5.1 no valid recipients",
}

DOTS = {
    "250 plain": "250 ok",
    "251": "251 ok",
    "status of another class": "250 5.0.0 ok",
    "354": "354 go on",
    "421": "421 4.3.2 busy",
    "451": "451 4.3.0 later",
    "550": "550 5.7.1 spam",
    "552": "552 5.3.4 too big",
    "multi-line": "250-2.0.0 one\r\n250 2.0.0 two",
    "junk first": "hello\r\n250 2.0.0 ok",
}

POINTS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT")

FIRST_OF_TWO: dict[str, dict[str, Any]] = {
    "refused connection": {"closed": True},
    "greeting 421": {"replies": {"CONNECT": "421 4.3.2 busy"}},
    "greeting 554": {"replies": {"CONNECT": "554 5.7.1 no"}},
    "HELO 550": {"replies": {"EHLO": "502 what", "HELO": "550 5.7.1 no"}},
    "MAIL 450": {"replies": {"MAIL": "450 4.7.1 later"}},
    "MAIL 550": {"replies": {"MAIL": "550 5.7.1 no"}},
    "RCPT 450": {"replies": {"RCPT": "450 4.2.1 later"}},
    "first RCPT 450": {"replies": {"RCPT TO:<b@b.example>": "450 4.2.1 later"}},
    "first RCPT 550": {"replies": {"RCPT TO:<b@b.example>": "550 5.1.1 no"}},
    "DATA 451": {"replies": {"DATA": "451 4.3.0 later"}},
    "dot 451": {"replies": {".": "451 4.3.0 later"}},
    "dot 554": {"replies": {".": "554 5.7.1 no"}},
    "hangs up at RCPT": {"hangs_up_at": "RCPT"},
    "hangs up at .": {"hangs_up_at": "."},
}

BEHAVIOURS: dict[str, Behaviour] = {
    "usual": Behaviour(),
    "usual, pipelining": Behaviour({"offers": PIPELINING}, TWO),
    **{f"greeting {name}": _says("CONNECT", reply) for name, reply in GREETINGS.items()},
    **{f"EHLO {name}": _says("EHLO", reply) for name, reply in HELLOS.items()},
    "HELO refused": Behaviour({"replies": {"EHLO": "502 what", "HELO": "550 5.7.1 no"}}),
    "HELO put off": Behaviour({"replies": {"EHLO": "502 what", "HELO": "450 later"}}),
    **{f"MAIL {name}": _says("MAIL", reply) for name, reply in SENDERS.items()},
    **{f"MAIL {name}, pipelining": _says("MAIL", reply, *TWO, offers=PIPELINING) for name, reply in SENDERS.items()},
    **{f"RCPT {name}": _says("RCPT", reply) for name, reply in RECIPIENTS.items()},
    **{f"RCPT {name}, pipelining": _says("RCPT", reply, offers=PIPELINING) for name, reply in RECIPIENTS.items()},
    **{f"first RCPT {name}": _says("RCPT TO:<b@b.example>", reply, *TWO) for name, reply in RECIPIENTS.items()},
    **{
        f"second RCPT {name}, pipelining": _says("RCPT TO:<c@b.example>", reply, *TWO, offers=PIPELINING)
        for name, reply in RECIPIENTS.items()
    },
    **{f"DATA {name}": _says("DATA", reply) for name, reply in DATAS.items()},
    **{f"DATA {name}, pipelining": _says("DATA", reply, *TWO, offers=PIPELINING) for name, reply in DATAS.items()},
    "nobody left": Behaviour(
        {"replies": {"RCPT": "550 5.1.1 no", "DATA": "554 5.5.1 nobody"}, "offers": PIPELINING}, TWO
    ),
    **{f"dot {name}": _says(".", reply, *TWO) for name, reply in DOTS.items()},
    "QUIT refused": _says("QUIT", "500 no"),
    **{f"hangs up at {point}": Behaviour({"hangs_up_at": point}) for point in (*POINTS, "BODY")},
    **{
        f"hangs up at {point}, pipelining": Behaviour({"hangs_up_at": point, "offers": PIPELINING}, TWO)
        for point in ("MAIL", "RCPT", "DATA", ".")
    },
    **{f"stalls at {point}": Behaviour({"stalls_at": point}) for point in POINTS},
    **{
        f"stalls at {point}, pipelining": Behaviour({"stalls_at": point, "offers": PIPELINING}, TWO)
        for point in ("MAIL", "RCPT", "DATA", ".")
    },
    **{
        f"LMTP {name}": Behaviour({"replies": replies, "offers": PIPELINING}, TWO, lmtp=True)
        for name, replies in {
            "usual": {},
            "LHLO 421": {"LHLO": "421 4.3.2 busy"},
            "LHLO 500": {"LHLO": "500 5.5.1 what"},
            "LHLO own name": {"LHLO": "250 mx.ohio.net"},
            "first RCPT 550": {"RCPT TO:<b@b.example>": "550 5.1.1 no"},
            "RCPT 550": {"RCPT": "550 5.1.1 no", "DATA": "503 5.5.1 nobody"},
            "dot 451": {".": "451 4.3.0 later"},
            "dot 550": {".": "550 5.7.1 spam"},
            "QUIT refused": {"QUIT": "500 no"},
        }.items()
    },
    **{
        f"LMTP hangs up at {point}": Behaviour({"hangs_up_at": point}, TWO, lmtp=True)
        for point in ("LHLO", "RCPT", ".")
    },
    **{f"LMTP stalls at {point}": Behaviour({"stalls_at": point}, TWO, lmtp=True) for point in ("LHLO", "RCPT", ".")},
    **{f"{name}, then another": Behaviour(script, TWO, then={}) for name, script in FIRST_OF_TWO.items()},
    "both put off": Behaviour({"replies": {"RCPT": "450 4.2.1 one"}}, then={"replies": {"RCPT": "450 4.2.1 two"}}),
    "put off, then refused connection": Behaviour({"replies": {"RCPT": "450 4.2.1 one"}}, then={"closed": True}),
    "both refuse the connection": Behaviour({"closed": True}, then={"closed": True}),
}
