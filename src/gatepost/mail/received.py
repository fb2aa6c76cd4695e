"""The Received header in all its forms (RFC 5321 section 4.4, RFC 3848, RFC 6531 section 4.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gatepost.mail.address import external
from gatepost.mail.peer import UNKNOWN, Certificate, Peer, TlsDetails


class Trace(NamedTuple):
    """What the header tells of the session.

    `helo` is empty where the client did not greet. `protocol` is SMTP or ESMTP; `utf8`: SMTPUTF8 was asked for.
    `secure` and `authenticated` make the suffixes S and A. `tls` and `login` are given only where they are to be shown
    (`smtpd_tls_received_header`, `smtpd_sasl_authenticated_header`).
    """

    peer: Peer
    helo: str
    protocol: str
    utf8: bool = False
    secure: bool = False
    authenticated: bool = False
    tls: TlsDetails | None = None
    login: str | None = None


class Stamp(NamedTuple):
    """What the header tells of us. `host` is myhostname, `mail_name` the software's, `date` from `mail_date`."""

    host: str
    mail_name: str
    queue_id: str
    date: str


def received(trace: Trace, stamp: Stamp, recipient: str | None = None) -> str:
    """The header for a message from an SMTP client, each line ended by CRLF.

    `recipient`, in internal form, is given where the message has only this one.
    """
    peer = trace.peer
    lines = [f"Received: from {trace.helo or peer.name} ({peer.name} [{peer.rfc_address}])"]
    if trace.tls:
        lines += _tls_lines(trace.tls)
    if trace.login is not None:
        lines.append(f"(Authenticated sender: {_comment_text(trace.login)})")
    lines.append(f"by {stamp.host} ({stamp.mail_name}) with {_with(trace)} id {stamp.queue_id}")
    if recipient is None:
        lines[-1] += ";"
        lines.append(stamp.date)
    else:
        lines.append(f"for <{external(recipient)}>; {stamp.date}")
    return "\r\n\t".join(map(_printable, lines)) + "\r\n"


def received_internally(stamp: Stamp, uid: int | None = None) -> str:
    """The header for a message made on this machine: by a user's program, or (`uid` None) by the mail system."""
    origin = f", from userid {uid}" if uid is not None else ""
    return f"Received: by {stamp.host} ({stamp.mail_name}{origin})\r\n\tid {stamp.queue_id}; {stamp.date}\r\n"


def _with(trace: Trace) -> str:
    """The protocol's registered name (RFC 3848); only ESMTP has the suffixes."""
    name = "UTF8SMTP" if trace.utf8 else trace.protocol
    if trace.protocol != "ESMTP":
        return name
    return f"{name}{'S' if trace.secure else ''}{'A' if trace.authenticated else ''}"


def _tls_lines(tls: TlsDetails) -> list[str]:
    lines = [f"(using {tls.protocol} with cipher {tls.cipher} ({tls.used_bits}/{tls.algorithm_bits} bits)"]
    ours = (("key-exchange", tls.key_exchange), ("server-signature", tls.server_signature))
    theirs = (("client-signature", tls.client_signature),)
    shown = (" ".join(f"{label} {value}" for label, value in details if value) for details in (ours, theirs))
    lines += [f" {details}" for details in shown if details]
    lines[-1] += ")"
    if tls.certificate:
        lines.append(_certificate_line(tls.certificate))
    elif tls.certificate_requested:
        lines.append("(Client did not present a certificate)")
    else:
        lines.append("(No client certificate requested)")
    return lines


def _certificate_line(certificate: Certificate) -> str:
    subject = _comment_text(certificate.subject_cn) or UNKNOWN
    issuer = _comment_text(certificate.issuer_cn) or UNKNOWN
    verified = "verified OK" if certificate.trusted else "not verified"
    return f'(Client CN "{subject}", Issuer "{issuer}" ({verified}))'


def _comment_text(text: str) -> str:
    """What the other side chose, without the characters that would end the comment or the string it stands in."""
    return "".join("?" if char in '()\\"' else char for char in text)


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _printable(line: str) -> str:
    return line if line.isprintable() else _CONTROL.sub("?", line)
