"""The lines of MAIL and RCPT with the parameters that this server understands, in the order Postfix sends them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache

from gatepost.mail.address import external
from gatepost.mail.envelope import Notify, Recipient, Ret
from gatepost.mail.xtext import encode, encode_unicode
from gatepost.smtp.client_values import Mail, Stage

_UNKNOWN = ("", "unknown")
"""What stands for something that is not known."""

_NOTIFY = (Notify.NEVER, Notify.SUCCESS, Notify.FAILURE, Notify.DELAY)


def mail_line(mail: Mail, offered: Container[str], *, dummy_auth: bool = False) -> str:
    """`MAIL FROM:<sender>` and its parameters (RFC 1870, 3461, 4954, 6152, 6531)."""
    line = [f"MAIL FROM:<{external(mail.sender)}>"]
    if "SIZE" in offered and ("8BITMIME" in offered or not mail.converts_8bit):
        line.append(f"SIZE={mail.size}")
    if "8BITMIME" in offered and (mail.body_8bit or mail.body_7bit):
        line.append("BODY=8BITMIME" if mail.body_8bit else "BODY=7BIT")
    if "DSN" in offered:
        if mail.envid:
            line.append(f"ENVID={encode(mail.envid)}")
        if mail.ret is not Ret.UNSET:
            line.append(f"RET={mail.ret.value}")
    if mail.smtputf8 and "SMTPUTF8" in offered:
        line.append("SMTPUTF8")
    if dummy_auth:
        line.append("AUTH=<>")  # we logged in, and vouch for nobody (RFC 4954 section 5)
    return " ".join(line)


def origin_lines(mail: Mail, offered: Mapping[str, str]) -> list[tuple[Stage, str]]:
    """The XFORWARD commands that tell where the message came from, as far as the server wants to know and we do.

    Postfix's extension: attributes with xtext values, those of the client first, then those of its session.
    """
    if mail.origin is None or "XFORWARD" not in offered:
        return []
    wanted = offered["XFORWARD"].upper().split()
    origin = mail.origin
    client = {"NAME": origin.client_name, "ADDR": origin.client_address, "PORT": origin.client_port}
    session = {"PROTO": origin.protocol, "HELO": origin.helo, "IDENT": "" if not origin.client else mail.queue_id}
    session["SOURCE"] = "LOCAL" if origin.is_local else "REMOTE"
    lines: list[tuple[Stage, str]] = []
    for stage, values in ((Stage.ORIGIN, client), (Stage.SESSION, session)):
        words = [f"{name}={encode(text)}" for name, text in values.items() if name in wanted and text not in _UNKNOWN]
        if words:
            lines.append((stage, f"XFORWARD {' '.join(words)}"))
    return lines


def rcpt_line(recipient: Recipient, offered: Container[str]) -> str:
    """`RCPT TO:<recipient>` and its parameters (RFC 3461 section 4)."""
    line = [f"RCPT TO:<{external(recipient.address)}>"]
    if "DSN" in offered:
        kind, _, address = original_recipient(recipient).partition(";")
        coded = encode_unicode(address) if kind.lower() == "utf-8" else encode(address)
        line.append(f"ORCPT={kind};{coded}")
        if wanted := _notify(recipient.notify):
            line.append(f"NOTIFY={wanted}")
    return " ".join(line)


@cache
def _notify(wanted: Notify) -> str:
    return ",".join(str(flag.name) for flag in _NOTIFY if flag in wanted)


def original_recipient(recipient: Recipient) -> str:
    """`type;address` as the sender asked for it: its ORCPT, else the address it gave."""
    return recipient.orcpt or f"rfc822;{external(recipient.original)}"
