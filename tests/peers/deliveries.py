"""Deliveries on this machine, by two servers: what goes in, and what comes of it in a form that compares.

A group is a configuration with its users, aliases, files and messages. `carry_out` runs one on a server in a mount
namespace of its own, in which /etc/passwd has the users that the group wants, and gives for each message the lines of
the log, and all files that were written. `python -m tests.peers.deliveries` asks Postfix and keeps its answers in
`deliveries.json`, which `test_deliveries.py` holds Gatepost to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.configurations import free_port
from tests.peers.machines import Gatepost, Postfix, client, wait_for

ANSWERS = Path(__file__).with_name("deliveries.json")
"""What Postfix did."""

DIFFERENT = Path(__file__).with_name("deliveries-different.json")
"""What Gatepost does instead, where it differs on purpose (docs/differences.md)."""

FIRST_UID = 4001
MESSAGE = (
    b"From: a@client.example\r\nSubject: hello\r\nMessage-ID: <1@client.example>\r\n"
    b"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
)
BODY = b"\r\nFrom here\r\n.dot\r\n>From there\r\nlast\r\n"

Answer = dict[str, list[str]]
"""What came of a group: log lines by message, files by path."""


@dataclass(frozen=True)
class Mail:
    """A message: its name is in its subject's place for the log, its recipients are local parts or whole addresses."""

    name: str
    recipients: tuple[str, ...]
    sender: str = "a@client.example"
    header: bytes = b""


@dataclass(frozen=True)
class Group:
    """A configuration and its messages; `{folder}` stands for the folder in all texts.

    `users` get homes. `files` are by path below the folder: text, and mode and owner where they are not the usual.
    `links`, `fifos` and `folders` are other things that stand there. `services` are lines of master.cf.
    """

    name: str
    mails: tuple[Mail, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    aliases: str = ""
    users: tuple[str, ...] = ("joe", "ann")
    files: Mapping[str, tuple[str, int, str]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    fifos: tuple[str, ...] = ()
    folders: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    services: tuple[str, ...] = ()


SCRIPTS = {
    "env": 'env | grep -v -e "^_=" -e ^SHLVL= | sort >{folder}/out/$1.env; pwd >>{folder}/out/$1.env; '
    "id -un >>{folder}/out/$1.env; id -G >>{folder}/out/$1.env; cat >{folder}/out/$1.msg",
    "args": 'for a in "$@"; do echo "[$a]"; done >{folder}/out/$1.$LOGNAME.args; cat >{folder}/out/$1.$LOGNAME.msg',
    "exit": "cat >/dev/null; exit $1",
    "say": 'cat >/dev/null; s=$1; shift; echo "$@"; exit $s',
    "signal": "kill -$1 $$",
    "deaf": "exit 0",
    "slow": "sleep 30",
    "lines": 'cat >/dev/null; printf "one\\ntwo\\n\\nthree \\001 end\\n"; exit 1',
}
"""Commands that the groups use, as `{folder}/bin/NAME`."""


def prepare(group: Group, folder: Path) -> None:
    """Make users, homes, files and scripts."""
    for name, mode in (("out", 0o1777), ("spool", 0o1777), ("home", 0o755), ("bin", 0o755), ("boxes", 0o1777)):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    for name, text in SCRIPTS.items():
        script = folder / "bin" / name
        script.write_text("#!/bin/sh\n" + text.replace("{folder}", str(folder)) + "\n")
        script.chmod(0o755)
    rows = Path("/etc/passwd").read_text()
    for uid, name in enumerate(group.users, FIRST_UID):
        home = folder / "home" / name
        rows += f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
        if not name.startswith("nohome"):
            home.mkdir()
            os.chown(home, uid, uid)
    (folder / "passwd").write_text(rows)
    uids = {name: uid for uid, name in enumerate(group.users, FIRST_UID)} | {"root": 0, "nobody": 65534}
    for path, (mode, owner) in group.folders.items():
        (folder / path).mkdir()
        (folder / path).chmod(mode)
        os.chown(folder / path, uids[owner], uids[owner])
    for path, (text, mode, owner) in group.files.items():
        (folder / path).write_text(text.replace("{folder}", str(folder)))
        (folder / path).chmod(mode)
        os.chown(folder / path, uids[owner], uids[owner])
    for path, target in group.links.items():
        (folder / path).symlink_to(target.replace("{folder}", str(folder)))
    for path in group.fifos:
        os.mkfifo(folder / path, 0o666)
    (folder / "aliases").write_text(group.aliases.replace("{folder}", str(folder)))
    subprocess.run(["postalias", f"hash:{folder}/aliases"], check=True, capture_output=True)


class Inside:
    """Runs a server where /etc/passwd is the group's."""

    folder: Path

    def command(self) -> list[str]:
        script = f'mount --bind {self.folder.parent}/passwd /etc/passwd && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, "sh", *super().command()]  # type: ignore[misc]


class JudgeInside(Inside, Postfix):
    """Postfix."""


class GatepostInside(Inside, Gatepost):
    """The server under test."""


def carry_out(group: Group, kind: type[JudgeInside | GatepostInside]) -> Answer:
    """Deliver all messages of a group, and tell what came of it."""
    folder = Path(tempfile.mkdtemp(prefix="gatepost-deliver-"))
    folder.chmod(0o755)
    try:
        prepare(group, folder)
        (folder / "server").mkdir()
        port = free_port()
        parameters = {
            "myhostname": "mx.example",
            "mydestination": "$myhostname",
            "myorigin": "$myhostname",
            "alias_maps": f"hash:{folder}/aliases",
            "mail_spool_directory": f"{folder}/spool",
            "recipient_delimiter": "+",
            "transport_maps": "inline:{far.example=discard:}",
            "maximal_queue_lifetime": "1d",
            "notify_classes": "",
            "biff": "no",
            "enable_long_queue_ids": "yes",
            "local_recipient_maps": "",
            "smtpd_reject_unlisted_recipient": "no",
            **{name: value.replace("{folder}", str(folder)) for name, value in group.parameters.items()},
        }
        services = tuple(line.replace("{folder}", str(folder)) for line in group.services)
        server = kind(folder / "server", parameters=parameters, services={f"127.0.0.1:{port}": {}}, extra=services)
        server.start()
        try:
            subjects = _send(group, port)
            lines = _settled(server, len(group.mails))
        finally:
            server.stop()
        if os.environ.get("SHOW_LOG"):
            sys.stderr.write(server.log())
        answer = {f"mail {name}": found for name, found in _told(lines, subjects, folder).items()}
        return answer | _written(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _send(group: Group, port: int) -> dict[str, str]:
    """Send the messages; the names of the mails by queue id."""
    names: dict[str, str] = {}
    for mail in group.mails:
        with client(port) as session:
            session.ehlo("client.example")
            session.mail(mail.sender)
            for recipient in mail.recipients:
                address = recipient if "@" in recipient else f"{recipient}@mx.example"
                code, text = session.rcpt(address)
                assert code == 250, text
            code, text = session.data(MESSAGE + mail.header + BODY)
            assert code == 250, text
            names[text.decode().split()[-1]] = mail.name
    return names


def _settled(server: Postfix | Gatepost, least: int) -> str:
    """The log, once nothing has been said for a while."""
    wait_for("deliveries", lambda: server.log().count("status=") >= least)
    while True:
        before = server.log()
        time.sleep(2.5)
        if server.log() == before:
            return before


_LINE = re.compile(
    r"/(?:\w[\w-]*)\[\d+\]: (\w+): to=<([^>]*)>,(?: orig_to=<([^>]*)>,)? relay=([^,]+), "
    r".*?dsn=([\d.]+), status=(\w+) \((.*)\)$",
    re.MULTILINE,
)
_FROM = re.compile(r": (\w+): from=<([^>]*)>, size=")


def _told(log: str, names: Mapping[str, str], folder: Path) -> Answer:
    """The deliveries by the name of the mail; those of a message that it was forwarded as, too."""
    names = dict(names)
    told: dict[str, set[str]] = {name: set() for name in names.values()}
    senders = dict(_FROM.findall(log))
    sent_on = re.findall(r": (\w+): to=<.* \(forwarded as (\w+)\)$", log, re.MULTILINE)
    for _ in sent_on:  # lines of a message may stand before the one that says what it came from
        names.update({new: names[old] for old, new in sent_on if old in names})
    for queue_id, to, original, relay, dsn, status, text in _LINE.findall(log):
        name = names.get(queue_id)
        if name is None:
            continue  # a report on a failure
        sender = senders.get(queue_id, "")
        shown = re.sub(r"forwarded as \w+", "forwarded as QUEUEID", text).replace(str(folder), "{folder}")
        shown = re.sub(r"/\d+\.[MPV]\w+\.[\w.-]+", "/FILE", shown)
        told[name].add(f"from=<{sender}> to=<{to}> orig_to=<{original}> relay={relay} {dsn} {status} ({shown})")
    return {name: sorted(lines) for name, lines in told.items()}


def _written(folder: Path) -> Answer:
    """All files, with what differs from run to run taken away."""
    found: dict[str, list[str]] = {}
    for top in ("out", "spool", "home", "boxes"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_symlink() or not path.is_file() or path.name.startswith(".forward"):
                continue
            owner = path.stat().st_uid
            text = path.read_bytes().decode("utf-8", "replace").replace(str(folder), "{folder}")
            text = re.sub(r"_tmp_gatepost_deliver_\w+?_home", "_folder_home", text)
            text = re.sub(r"^Received: [^\n]*\(UTC\)[^F]*", "", text)  # of lines that end in something else
            text = re.sub(r"(?m)^Received: .*\n(?:[ \t].*\n)*", "", text)
            text = re.sub(r"(?m)^(From .+  ).*\d{4}(\r?)$", r"\1DATE\2", text)
            name = str(path.relative_to(folder))
            name = re.sub(r"/(new|tmp|cur)/.*", r"/\1/FILE", name)
            found.setdefault(f"file {name}", []).append(f"{path.stat().st_mode & 0o777:o} {owner}")
            found[f"file {name}"] += re.split(r"(?m)^(?=From .*DATE$)", text)
    return {name: sorted(texts) for name, texts in found.items()}


def record() -> None:
    """Ask Postfix; groups can be named."""
    from tests.peers.groups import GROUPS

    answers: dict[str, Answer] = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    for group in GROUPS:
        if len(sys.argv) < 2 or group.name in sys.argv[1:]:
            answers[group.name] = carry_out(group, JudgeInside)
    kept = {group.name: answers[group.name] for group in GROUPS if group.name in answers}
    ANSWERS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record()
