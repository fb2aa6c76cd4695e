"""One TLS connection without a socket: ciphertext in, plaintext out, over OpenSSL's memory buffers.

The rules:

1. The caller moves the bytes. After every call it writes what `outgoing` gives, also after a failure: that is where
   the alert for the peer stands.
2. Plaintext that came before the handshake never enters: the caller begins a channel with nothing but what the peer
   sends after `220 Ready to start TLS`.
3. What deserves a log line is collected as events, according to the log level, and taken with `events` in order.
4. Renegotiation is off (it would let a peer stall a write), so that writing to a memory buffer always succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from OpenSSL import SSL

from gatepost.mail.events import Event, Noted
from gatepost.mail.events.tls import TlsEstablished, TlsHandshakeFailed, TlsLibraryProblem, TlsStarting, TlsState
from gatepost.mail.peer import TlsDetails
from gatepost.tls.details import Observed, Side, describe, session_reused
from gatepost.tls.dump import dump
from gatepost.tls.hello import HELLO_LIMIT
from gatepost.tls.verdict import ChainFault, Verdict

RECORD = 16_384
"""Bytes of plaintext in one TLS record (RFC 8446 section 5.1); reads and writes go by it."""

SUMMARY, VERBOSE, HANDSHAKE_BYTES, ALL_BYTES = 1, 2, 3, 4
"""Log levels from which lines tell of each session, of each step of its handshake, of its bytes, and of all bytes."""

_REASONS = {
    "wrong version number": 0x10B,
    "no shared cipher": 0xC1,
    "http request": 0x9C,
    "unsupported protocol": 0x102,
    "unexpected message": 0xF4,
    "no suitable signature algorithm": 0x76,
    "no certificate set": 0xB3,
    "peer did not return a certificate": 0xC7,
    "unexpected eof while reading": 0x126,
    "packet length too long": 0xC6,
    "https proxy request": 0x9B,
}
"""OpenSSL's numbers of the reasons that servers on the Internet meet; the bindings give the texts only."""

_SSL_LIBRARY = 0x0A000000


class TlsFailed(Exception):  # noqa: N818 - said as it is: TLS failed
    """The handshake or the session broke. `reason` is the log's word for it, `problems` is what OpenSSL says."""

    def __init__(self, reason: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(": ".join((reason, *problems)))
        self.reason = reason
        self.problems = problems


@dataclass(slots=True)
class Handshake:
    """What the context's callbacks note while a handshake runs."""

    side: Side
    peer: str  # as log lines show it: `name[address]`, and `:port` where we are the client
    digest: str
    level: int = 0
    certificate_requested: bool = False
    server_name: str = ""
    fault: ChainFault | None = None
    """What is wrong with the peer's chain under our authorities; None where nothing is, or no certificate came."""
    ticket_expiry: int = 0
    """When the key of session tickets is dropped, in seconds since the epoch."""
    ticket_told: bool = False
    judge: Callable[[SSL.Connection, Handshake], Verdict] | None = None
    """Says what the server's certificate is worth (client side only)."""
    farewell: Callable[[SSL.Connection, Handshake], None] | None = None
    """Called when a session ends in peace, so that it can be resumed."""
    events: list[Event] = field(default_factory=list)
    """Log lines that wait to be taken."""


class TlsChannel:
    """A TLS session in the making, or made."""

    def __init__(self, connection: SSL.Connection, handshake: Handshake, ciphers: Event | None = None) -> None:
        connection.set_app_data(handshake)
        self._connection = connection
        self._handshake = handshake
        self._details: TlsDetails | None = None
        self._hello = b""
        self.verdict: Verdict | None = None
        """What the server's certificate is worth; only on the client's side, and once established."""
        self.closed = False
        """Whether the peer has ended its side of the session, or the session broke."""
        if handshake.level >= VERBOSE:
            direction = "from" if handshake.side is Side.SERVER else "to"
            handshake.events.append(TlsStarting(direction, handshake.peer))
            handshake.events += [ciphers] if ciphers else []

    @property
    def established(self) -> bool:
        """Whether the handshake is done."""
        return self._details is not None

    @property
    def details(self) -> TlsDetails:
        """What was negotiated; only once established."""
        if self._details is None:
            raise TlsFailed("handshake not finished")
        return self._details

    @property
    def binding(self) -> bytes:
        """What names this session for logins (RFC 9266); empty before TLS 1.3, where the name might not be its own."""
        if self._connection.get_protocol_version_name() != "TLSv1.3":
            return b""
        return self._connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")

    @property
    def resumed(self) -> bool:
        """Whether the session was taken up again from a ticket, so that no new one counts against the limit."""
        return session_reused(self._connection)

    def start(self) -> None:
        """Send the first message of the handshake (client side only; a server waits for its client)."""
        self._shake_hands()

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext and give the plaintext in it; drives the handshake. Raises TlsFailed."""
        if self.closed:
            return b""
        if data:
            self._dump("read from", data)
            if self._details is None and len(self._hello) < HELLO_LIMIT:
                self._hello += data
            self._connection.bio_write(data)
        if self._details is None and not self._shake_hands():
            return b""
        return self._read()

    def send(self, plaintext: bytes) -> None:
        """Encrypt; the ciphertext waits in `outgoing`. Raises TlsFailed where the session is broken."""
        if not plaintext or self.closed:
            return
        try:
            self._connection.sendall(plaintext)
        except SSL.Error as error:
            self.closed = True
            raise TlsFailed("write error", _problems(error)) from None

    def outgoing(self) -> bytes:
        """The ciphertext to write now; empty where there is none."""
        parts: list[bytes] = []
        with suppress(SSL.Error):  # the buffer is empty
            while not parts or len(parts[-1]) == 2 * RECORD:  # a short read has emptied it
                parts.append(self._connection.bio_read(2 * RECORD))
        data = b"".join(parts)
        if data:
            self._dump("write to", data)
        return data

    def events(self) -> tuple[Event, ...]:
        """The log lines since the last call."""
        taken = tuple(self._handshake.events)
        self._handshake.events.clear()
        return taken

    def lost(self, reason: str = "lost connection") -> None:
        """The connection ended from below, or took too long: inside the handshake that is a failure to tell of."""
        if self._details is None and not self.closed:
            self._handshake.events.append(self._failure(reason))
        self.closed = True

    def close(self) -> None:
        """Say goodbye to the peer (RFC 8446 section 6.1); the message waits in `outgoing`."""
        if self._details is not None and not self.closed:
            if self._handshake.farewell is not None:
                self._handshake.farewell(self._connection, self._handshake)
            try:
                self._connection.shutdown()
            except SSL.Error:
                self.closed = True

    def _dump(self, verb: str, data: bytes) -> None:
        wanted = HANDSHAKE_BYTES if self._details is None else ALL_BYTES
        if self._handshake.level >= wanted:
            self._handshake.events += map(Noted, dump(verb, data))

    def _shake_hands(self) -> bool:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.SysCallError:
            raise self._broken("lost connection", ()) from None
        except SSL.Error as error:
            raise self._broken("-1", _problems(error)) from None
        shake = self._handshake
        if shake.judge is not None:
            self.verdict = shake.judge(self._connection, shake)
        trusted = shake.fault is None and self._connection.get_peer_certificate() is not None
        self._details = describe(
            self._connection,
            Observed(
                shake.side,
                shake.digest,
                trusted,
                shake.server_name,
                shake.certificate_requested,
                self._hello if shake.side is Side.SERVER else b"",
            ),
        )
        self._hello = b""
        if self.verdict is not None:
            shake.events += self.verdict.events
        if self.verdict is not None and shake.level >= VERBOSE:
            shake.events += (*self.verdict.details, *_certificate_line(shake.peer, self._details))
        if shake.level >= SUMMARY:
            shake.events.append(self._summary(self._details))
        return True

    def _summary(self, details: TlsDetails) -> TlsEstablished:
        shake = self._handshake
        state = "Anonymous"
        if details.certificate is not None:
            state = "Trusted" if details.certificate.trusted else "Untrusted"
        if self.verdict is not None:
            state = self.verdict.state
        return TlsEstablished(
            state,
            "from" if shake.side is Side.SERVER else "to",
            shake.peer,
            details.protocol,
            details.cipher,
            details.used_bits,
            details.algorithm_bits,
            details.server_name if shake.side is Side.SERVER else "",
            details.key_exchange,
            details.server_signature,
            details.client_signature,
        )

    def _broken(self, reason: str, problems: tuple[str, ...]) -> TlsFailed:
        self.closed = True
        self._handshake.events.append(self._failure(reason))
        self._handshake.events += (TlsLibraryProblem(problem) for problem in problems)
        return TlsFailed(reason, problems)

    def _failure(self, reason: str) -> TlsHandshakeFailed:
        shake = self._handshake
        return TlsHandshakeFailed(shake.side.value, "from" if shake.side is Side.SERVER else "to", shake.peer, reason)

    def _read(self) -> bytes:
        parts: list[bytes] = []
        try:
            while True:
                parts.append(self._connection.recv(RECORD))
        except SSL.WantReadError:
            pass
        except (SSL.ZeroReturnError, SSL.SysCallError):
            self.closed = True
        except SSL.Error as error:
            self.closed = True
            self._handshake.events += (TlsLibraryProblem(problem) for problem in _problems(error))
        return b"".join(parts)


def _certificate_line(peer: str, details: TlsDetails) -> Iterator[Event]:
    """The server's certificate in one line (log level 2)."""
    shown = details.certificate
    if shown is not None:
        names = f"subject_CN={shown.subject_cn}, issuer_CN={shown.issuer_cn}"
        digests = f"fingerprint={shown.fingerprint}, pkey_fingerprint={shown.pubkey_fingerprint}"
        yield Noted(f"{peer}: {names}, {digests}")


def observe(connection: SSL.Connection, where: int, code: int) -> None:
    """Note a step of the handshake: the info callback of contexts, at the verbose log level."""
    del code
    shake = connection.get_app_data()
    if not isinstance(shake, Handshake) or not where & SSL.SSL_CB_LOOP:
        return
    state = connection.get_state_string().decode("ascii", "replace")
    if "write session ticket" in state and shake.side is Side.SERVER:
        if shake.ticket_told:
            return
        shake.ticket_told = True
        shake.events.append(Noted(f"{shake.peer}: Issuing session ticket, key expiration: {shake.ticket_expiry}"))
    shake.events.append(TlsState(shake.side.value, state))


def _problems(error: SSL.Error) -> tuple[str, ...]:
    """OpenSSL's error queue in its own notation, as far as the bindings tell it."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return tuple(
        f"error:{_SSL_LIBRARY | _REASONS.get(reason, 0):08X}:{library}:{function}:{reason}:"
        for library, function, reason in queue
    )
