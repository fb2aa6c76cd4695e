"""The surroundings of a measurement: its own network, a name server, a smarthost, servers on one configuration."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.account import Account
from bench.zone import CLIENT
from tests.fakes.configurations import free_port
from tests.peers.machines import Dovecot, Gatepost, Postfix, certificate, listening, wait_for

INSIDE = "GATEPOST_BENCH_NETWORK"
"""Environment: we are in the network of our own already."""

PACKAGES = {
    "/usr/lib/postfix/sbin/master": "postfix",
    "/usr/sbin/dovecot": "dovecot-core",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "ip": "iproute2",
    "unshare": "util-linux",
    "openssl": "openssl",
}
"""What is needed, and the Debian package that brings it."""

NAMESERVER = "127.0.0.1"
USER, PASSWORD = "user", "secret"
PATIENCE = 300.0
"""Seconds without any progress after which a measurement is given up."""


def install() -> None:
    """Have the peers installed. Raises CalledProcessError."""
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if missing:
        print(f"installing {' '.join(missing)}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True, env=quiet, stdout=subprocess.DEVNULL)


def in_own_network(arguments: list[str]) -> int | None:
    """Run this program again in a network of its own, and say how it ended; None where we are in it already."""
    if os.environ.get(INSIDE):
        _furnish_network()
        return None
    command = ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, check=False, env={**os.environ, INSIDE: "1"}).returncode


def _furnish_network() -> None:
    """Loopback with the client's address, and a resolv.conf that nobody else sees."""
    for words in (["link", "set", "lo", "up"], ["address", "add", f"{CLIENT}/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as text:
        text.write(f"nameserver {NAMESERVER}\n")
        text.flush()
        Path(text.name).chmod(0o644)
        subprocess.run(["mount", "--bind", text.name, "/etc/resolv.conf"], check=True)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Sink:
    """The smarthost: Postfix's smtp-sink, which counts messages and keeps none."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._counts = folder / "sink-counts"
        with self._counts.open("wb") as counts:
            self._process = subprocess.Popen(
                ["smtp-sink", "-u", "postfix", "-c", f"127.0.0.1:{self.port}", "1000"],
                stdin=subprocess.DEVNULL,
                stdout=counts,
            )
        wait_for("smtp-sink", lambda: listening(self.port))

    def messages(self) -> int:
        """Messages so far."""
        with self._counts.open("rb") as counts:
            counts.seek(max(0, self._counts.stat().st_size - 200))
            last = counts.read().replace(b"\n", b"\r").rstrip(b"\r").rpartition(b"\r")[2]
        return int(last.rpartition(b"mesg=")[2]) if b"mesg=" in last else 0

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@dataclass(slots=True)
class Server:
    """A server at work: `port` takes mail from outside, `submission` takes it with TLS and login."""

    kind: str
    program: Gatepost | Postfix
    account: Account
    port: int
    submission: int
    started: float = 0.0
    """Seconds that the start took."""
    _read: int = 0
    _removed: int = 0

    def removed(self) -> int:
        """Messages that have left the queue, by the log."""
        log = self.program.folder / "maillog"
        if not log.exists():
            return 0
        with log.open("rb") as stream:
            stream.seek(self._read)
            whole = stream.read().rpartition(b"\n")[0]
        self._read += len(whole)
        self._removed += whole.count(b": removed")
        return self._removed


class Lab:
    """What all measurements share. Use it as a context."""

    def __init__(self, place: Path | None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gatepost-bench-", dir=place))
        self.folder.chmod(0o755)
        self._stack = ExitStack()
        self._made = 0

    def __enter__(self) -> Self:
        with self._stack:
            self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            zone = subprocess.Popen([sys.executable, "-m", "bench.zone", NAMESERVER], stdout=subprocess.PIPE)
            self._stack.callback(_end, zone)
            assert zone.stdout is not None
            zone.stdout.readline()
            self.sink = Sink(self.folder)
            self._stack.callback(self.sink.close)
            place = self.folder / "dovecot"
            place.mkdir(mode=0o755)
            dovecot = Dovecot(place, users={USER: PASSWORD}).start()
            self._stack.callback(dovecot.stop)
            self._auth = place / "auth"
            self._certificate = certificate(self.folder, "mx.example")
            self._access = self.folder / "access"
            self._access.write_text("".join(f"user{number}@nowhere{number}.example REJECT\n" for number in range(1000)))
            subprocess.run(["postmap", f"hash:{self._access}"], check=True)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def server(self, kind: str, *, fill: Callable[[Path], None] | None = None, **changes: str) -> Iterator[Server]:
        """A server of the kind, `gatepost` or `postfix`, with the configuration of all and those changes.

        `fill` prepares the queue directory before the start.
        """
        self._made += 1
        place = self.folder / f"{self._made}-{kind}"
        place.mkdir()
        port, submission = free_port(), free_port()
        program = (Gatepost if kind == "gatepost" else Postfix)(
            place,
            parameters={**self.parameters(), **changes},
            services={f"{CLIENT}:{port}": {}, f"{CLIENT}:{submission}": SUBMISSION},
        )
        account = Account(str(self._made))
        try:
            if fill:
                fill(place / "queue")
            begin = time.monotonic()
            with account.inside():
                program.start()
            took = time.monotonic() - begin
            assert program.process is not None
            account.root = program.process.pid
            yield Server(kind, program, account, port, submission, took)
        finally:
            program.stop()
            account.close()
            shutil.rmtree(place, ignore_errors=True)

    def parameters(self) -> dict[str, str]:
        """main.cf of both servers, beyond names of folders."""
        table = f"hash:{self._access}"
        return {
            "myhostname": "mx.example",
            "inet_interfaces": "all",
            "mynetworks": "10.0.0.0/8",
            "relay_domains": "sink.example",
            "relayhost": f"[127.0.0.1]:{self.sink.port}",
            "in_flow_delay": "0",
            "smtpd_client_connection_count_limit": "0",
            "message_size_limit": "60000000",
            "smtpd_client_restrictions": (
                f"permit_mynetworks, check_client_access {table}, check_client_access inline:{{10.9.0.1=REJECT}}, "
                "reject_unknown_reverse_client_hostname, reject_unauth_pipelining, reject_rbl_client bl.example, "
                "reject_rhsbl_reverse_client bl.example"
            ),
            "smtpd_sender_restrictions": (
                f"permit_mynetworks, reject_non_fqdn_sender, check_sender_access {table}, "
                f"reject_unknown_sender_domain, reject_unlisted_sender, check_helo_access {table}, "
                "reject_rhsbl_sender bl.example"
            ),
            "smtpd_recipient_restrictions": (
                "permit_mynetworks, reject_non_fqdn_recipient, reject_unknown_recipient_domain, "
                f"check_recipient_access {table}, reject_unlisted_recipient, reject_rhsbl_recipient bl.example, "
                "permit_auth_destination"
            ),
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": str(self._auth),
            "smtpd_tls_chain_files": str(self._certificate),
        }


SUBMISSION = {
    "smtpd_tls_security_level": "encrypt",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
}
"""What the service with TLS and login has of its own."""


def await_all(count: Callable[[], int], wanted: int, what: str) -> None:
    """Wait until so many are counted; give up where nothing moves any more. Raises TimeoutError."""
    last, since = -1, time.monotonic()
    while (found := count()) < wanted:
        if found != last:
            last, since = found, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise TimeoutError(f"{what}: {found} of {wanted}, and nothing moves")
        time.sleep(0.002)


def conditions(lab: Lab, options: Mapping[str, object]) -> dict[str, str]:
    """Everything that a reader must know to judge the figures."""
    import gatepost.server.instance as gatepost

    account = Account("probe")
    method = account.method
    account.close()
    where = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE,SOURCE,OPTIONS", "--target", str(lab.folder)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    cpu = Path("/proc/cpuinfo").read_text("utf-8").partition("model name")[2].partition("\n")[0].lstrip("\t: ")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "Gatepost": f"{gatepost.VERSION}, commit {_said('git', 'rev-parse', '--short=12', 'HEAD') or 'unknown'}",
        "Postfix": _said("postconf", "-h", "-d", "mail_version"),
        "Dovecot": _said("dovecot", "--version"),
        "Python": sys.version.split()[0],
        "kernel": os.uname().release,
        "processor": f"{cpu or os.uname().machine}, {len(os.sched_getaffinity(0))} cores",
        "file system of the queues": where,
        "processor time": method,
        "load average at the start": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "options": " ".join(f"{name}={value}" for name, value in options.items()),
        "main.cf of both": "\n".join(f"{name} = {value}" for name, value in lab.parameters().items()).replace(
            str(lab.folder), "/bench"
        ),
        "submission service of both": "\n".join(f"-o {name}={value}" for name, value in SUBMISSION.items()),
    }


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
