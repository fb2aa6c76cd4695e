"""Real mail programs for the tests: Gatepost itself, Postfix and Dovecot, each on loopback in a folder of its own.

Every program is started by its process and ended by it; the machine's own instances are not touched.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Self, TypeVar

from tests.fakes.configurations import free_port

_T = TypeVar("_T")

PATIENCE = 30.0
"""Seconds until something that must happen is given up."""

POSTFIX_MASTER = """\
{listeners}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def wait_for(what: str, look: Callable[[], _T | None]) -> _T:
    """Look again until there is something, at most PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def listening(port: int) -> bool:
    """Whether somebody listens, without connecting."""
    with Path("/proc/net/tcp").open(encoding="ascii") as table:
        return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A" for row in table)


@dataclass
class Program:
    """A program in a folder, started in the foreground."""

    folder: Path
    ports: list[int] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The command line."""
        raise AssertionError("each program has its own")

    def start(self) -> Self:
        """Start, and wait until all ports accept."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        for port in self.ports:
            wait_for(f"port {port} of {self.command()[0]}: {self.output()}", lambda port=port: self._up(port))  # type: ignore[misc]
        return self

    def _up(self, port: int) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output()
        return listening(port)

    def output(self) -> str:
        """What the program printed."""
        return (self.folder / "output").read_text("utf-8", "replace")[-4000:]

    def stop(self) -> None:
        """End it in its own way; what is left of its process group is killed."""
        if self.process is None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.kill()

    def kill(self) -> None:
        """End the program and all its children as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for port in self.ports:
            wait_for(f"port {port} to close", lambda port=port: not listening(port))  # type: ignore[misc]
        self.process = None


@dataclass
class Gatepost(Program):
    """The server under test.

    `parameters` becomes main.cf, `services` master.cf listeners with their overrides, `extra` further lines of it.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def command(self) -> list[str]:
        return [str(Path(sys.executable).parent / "gatepost"), "run", "-c", str(self.folder)]

    def start(self) -> Self:
        for name, text in self.files.items():
            (self.folder / name).write_text(text, "utf-8")
        base = {
            "compatibility_level": "3.6",
            "myhostname": "gate.example",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.folder / "maillog"),
            "maillog_file_prefixes": str(self.folder),
        }
        text = "".join(f"{name} = {value}\n" for name, value in {**base, **self.parameters}.items())
        (self.folder / "main.cf").write_text(text, "utf-8")
        rows = ["smtp unix - - n - - smtp", "lmtp unix - - n - - lmtp", "virtual unix - n n - - virtual"]
        rows += ["local unix - n n - - local", "error unix - - n - - error", "retry unix - - n - - error"]
        rows += ["discard unix - - n - - discard", "relay unix - - n - - smtp"]
        for name, overrides in self.services.items():
            rows.append(f"{name} inet n - n - - smtpd")
            rows += [f"  -o {{ {key} = {value} }}" for key, value in overrides.items()]
        (self.folder / "master.cf").write_text("\n".join([*rows, *self.extra]) + "\n", "utf-8")
        self.ports = [int(name.rpartition(":")[2]) for name in self.services]
        return super().start()

    def log(self) -> str:
        """The mail log so far."""
        path = self.folder / "maillog"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a `gatepost` command on this configuration."""
        command = [self.command()[0], words[0], "-c", str(self.folder), *words[1:]]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)


@dataclass
class Postfix(Program):
    """A real Postfix with its own configuration, queue and data folders."""

    parameters: dict[str, str] = field(default_factory=dict)
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def command(self) -> list[str]:
        return ["/usr/lib/postfix/sbin/master", "-c", str(self.folder), "-d"]

    def start(self) -> Self:
        queue = self.folder / "queue"
        if not queue.exists():
            self._spool(queue)
        base = {
            "compatibility_level": "3.6",
            "myhostname": "postfix.example",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "queue_directory": str(queue),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.folder / "maillog"),
            "maillog_file_prefixes": str(self.folder),
            "smtp_host_lookup": "native",
            "smtputf8_enable": "yes",
        }
        text = "".join(f"{name} = {value}\n" for name, value in {**base, **self.parameters}.items())
        (self.folder / "main.cf").write_text(text, "utf-8")
        rows = []
        for name, overrides in self.services.items():
            rows.append(f"{name} inet n - n - - smtpd")
            rows += [f"  -o {{ {key} = {value} }}" for key, value in overrides.items()]
        (self.folder / "master.cf").write_text(
            POSTFIX_MASTER.format(listeners="\n".join([*rows, *self.extra])), "utf-8"
        )
        self.ports = [int(name.rpartition(":")[2]) for name in self.services]
        return super().start()

    def _spool(self, queue: Path) -> None:
        queue.mkdir()
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private"):
            (queue / name).mkdir(mode=0o700)
            shutil.chown(queue / name, "postfix")
        for name in ("saved", "trace"):
            (queue / name).mkdir(mode=0o700)
            shutil.chown(queue / name, "postfix")
        (queue / "pid").mkdir(mode=0o755)
        for name, mode in (("maildrop", 0o1730), ("public", 0o710)):
            (queue / name).mkdir()
            shutil.chown(queue / name, "postfix", "postdrop")
            (queue / name).chmod(mode)
        (self.folder / "data").mkdir()
        shutil.chown(self.folder / "data", "postfix")

    def log(self) -> str:
        """The mail log so far."""
        path = self.folder / "maillog"
        return path.read_text("utf-8", "replace") if path.exists() else ""


@dataclass
class Dovecot(Program):
    """Dovecot as login backend (`auth` socket) and as LMTP server (`lmtp` socket and a port)."""

    users: dict[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        return ["/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]

    def start(self) -> Self:
        port = free_port()
        (self.folder / "users").write_text(
            "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in self.users.items()), "utf-8"
        )
        mail = pwd.getpwnam("mail")
        (self.folder / "home").mkdir(exist_ok=True)
        os.chown(self.folder / "home", mail.pw_uid, mail.pw_gid)
        (self.folder / "dovecot.conf").write_text(
            f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
protocols = lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
mail_location = maildir:~/Maildir
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = username_format=%u {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={mail.pw_uid} gid={mail.pw_gid} home={self.folder}/home/%u allow_all_users=yes
}}
service auth {{
  unix_listener {self.folder}/auth-userdb {{
    mode = 0666
  }}
  unix_listener {self.folder}/auth {{
    mode = 0666
  }}
}}
service lmtp {{
  unix_listener {self.folder}/lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
""",
            "utf-8",
        )
        self.ports = [port]
        return super().start()

    def mailbox(self, user: str) -> list[bytes]:
        """The messages delivered to a user."""
        return maildir(self.folder / "home" / user / "Maildir")


def maildir(folder: Path) -> list[bytes]:
    """All messages of a Maildir, seen or not."""
    return [path.read_bytes() for name in ("new", "cur") for path in sorted((folder / name).glob("*"))]


def certificate(folder: Path, name: str = "gate.example") -> Path:
    """A self-signed certificate and its key in one file."""
    path = folder / f"{name}.pem"
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(key.read_bytes() + cert.read_bytes())
    return path


TRACE = {"received", "return-path", "delivered-to", "x-original-to"}
"""Headers that a mail system adds on the way."""


def without_trace(raw: bytes) -> bytes:
    """The message as its author wrote it: LF line ends, trace headers removed, everything else byte for byte."""
    text = raw.replace(b"\r\n", b"\n")
    head, gap, body = text.partition(b"\n\n")
    kept: list[bytes] = []
    keeping = True
    for line in head.split(b"\n"):
        if not line[:1].isspace():
            keeping = line.partition(b":")[0].lower().decode("ascii", "replace") not in TRACE
        if keeping:
            kept.append(line)
    return b"\n".join(kept) + gap + body


def parsed(raw: bytes) -> Message:
    """The message as the standard library reads it."""
    return BytesParser().parsebytes(raw)


@contextlib.contextmanager
def client(port: int, *, login: tuple[str, str] | None = None, starttls: bool = False) -> Iterator[smtplib.SMTP]:
    """Python's own SMTP client, connected."""
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as connection:
        connection.ehlo("client.example")
        if starttls:
            connection.starttls()
            connection.ehlo("client.example")
        if login:
            connection.login(*login)
        yield connection
