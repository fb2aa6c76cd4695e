"""`gatepost init`: a starter configuration that runs at once, without root and without touching the machine."""

from __future__ import annotations

import argparse
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from gatepost.cli.user import set_password
from gatepost.server.privileges import choose_owner
from gatepost.tls.selfsigned import self_signed

DOMAIN = "example.test"
"""The domain of the starter configuration: reserved for tests, so that no mail goes astray (RFC 6761 section 6.2)."""

HOST = f"mail.{DOMAIN}"
USER = f"alice@{DOMAIN}"

FIRST_STEPS = "first-steps.txt"
"""The file with the two lines to copy; `make run` shows it."""

_MAIN = """\
# A mail server for {domain}, on this machine only. Everything it writes is below {home}.
# gatepost conf -c {directory} -v NAME explains a parameter; the language is Postfix's.

compatibility_level = 3.6

# Who we are. Put your own names here, and in mailboxes.
mydomain = {domain}
myhostname = {host}
myorigin = $mydomain

# Where we listen: change to "all" to serve the network.
inet_interfaces = loopback-only
inet_protocols = {protocols}

# Who may relay without a login: programs on this machine.
mynetworks_style = host

# No system accounts: each mailbox is a Maildir named in the file mailboxes.
mydestination =
local_recipient_maps =
alias_maps =
virtual_mailbox_domains = $mydomain
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = texthash:{directory}/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = {minimum}

# TLS is offered on every port. The certificate vouches for itself; put a real one in its place.
smtpd_tls_security_level = may
smtpd_tls_cert_file = {directory}/certificate.pem
smtpd_tls_key_file = {directory}/key.pem
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtp_tls_security_level = may

# Logins: names and password hashes, kept by `gatepost user -c {directory} add NAME`.
gatepost_users_file = {directory}/users

queue_directory = {home}/queue
data_directory = {home}/data
"""

_MASTER = """\
# service type  private unpriv  chroot  wakeup  maxproc command
# Mail from other servers: STARTTLS is offered.
2525      inet  n       -       n       -       -       smtpd
# Mail from people: STARTTLS and a login are required.
2587      inet  n       -       n       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
# The same with TLS from the first byte.
2465      inet  n       -       n       -       -       smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
lmtp      unix  -       -       n       -       -       lmtp
virtual   unix  -       n       n       -       -       virtual
local     unix  -       n       n       -       -       local
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
"""

_MAILBOXES = """\
# address           Maildir below {home}/mail
{user}  {folder}/
"""

_STEPS = """\
Send a first message:
  {first_message}
See it delivered:
  cat {home}/mail/{folder}/new/*
Ports: 2525 (STARTTLS), 2587 (STARTTLS and login), 2465 (TLS and login). Login: {user}, password {password}
"""


_FIRST_MESSAGE = (
    """python3 -c 'import smtplib; smtplib.SMTP("127.0.0.1", 2525)"""
    f""".sendmail("me@{DOMAIN}", "{USER}", "Subject: hello\\n\\nIt works.")'"""
)


@dataclass(frozen=True, slots=True)
class Starter:
    """What the templates are filled with. `home` is the folder for mail and queue, usually `directory` itself."""

    directory: Path
    home: Path
    uid: int
    gid: int
    password: str

    def fill(self, template: str) -> str:
        """A template's text."""
        user, _, domain = USER.partition("@")
        return template.format(
            directory=self.directory,
            home=self.home,
            uid=self.uid,
            gid=self.gid,
            minimum=min(self.uid, 100),
            domain=DOMAIN,
            host=HOST,
            user=USER,
            folder=f"{domain}/{user}",
            password=self.password,
            first_message=_FIRST_MESSAGE,
            protocols="all" if Path("/proc/net/if_inet6").exists() else "ipv4",
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder to create, or an empty one")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say what to do next; the exit status."""
    directory = cast("Path", arguments.directory).absolute()
    starter = write_starter(directory)
    print(f"wrote a starter configuration to {directory}\nStart it:\n  gatepost run -c {directory}")
    print(starter.fill(_STEPS), end="")
    return 0


def write_starter(directory: Path) -> Starter:
    """Write everything. Raises ValueError where there is a configuration already, and OSError."""
    for name in ("main.cf", "master.cf"):
        if (directory / name).exists():
            raise ValueError(f"{directory / name} exists; nothing was written")
    directory.mkdir(parents=True, exist_ok=True)
    owner = choose_owner("postfix", explicit=False)
    uid, gid = (owner.uid, owner.gid) if owner is not None else (os.getuid(), os.getgid())
    home = directory if owner is None or _everyone_may_enter(directory) else Path("/var/lib/gatepost") / directory.name
    starter = Starter(directory, home, uid, gid, secrets.token_urlsafe(9))
    (home / "mail").mkdir(parents=True, exist_ok=True)
    if owner is not None:
        os.chown(home / "mail", uid, gid)
    certificate, key = self_signed(HOST, datetime.now(UTC))
    _write(directory / "key.pem", key, 0o600)
    _write(directory / "certificate.pem", certificate, 0o644)
    set_password(directory / "users", USER, starter.password)
    if owner is not None:
        os.chown(directory / "users", 0, gid)
    for name, template in (("mailboxes", _MAILBOXES), ("master.cf", _MASTER), ("main.cf", _MAIN)):
        _write(directory / name, starter.fill(template).encode("utf-8"), 0o644)
    _write(directory / FIRST_STEPS, starter.fill(_STEPS).encode("utf-8"), 0o600)
    return starter


def _everyone_may_enter(directory: Path) -> bool:
    """Whether a process without our rights can reach what is in the folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (directory, *directory.parents))


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
