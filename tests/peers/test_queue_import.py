"""A Postfix queue is taken over: envelope, content and delivery, held against Postfix's own postcat."""

from __future__ import annotations

import json
import smtplib
import subprocess
from pathlib import Path

from tests.fakes.configurations import free_port
from tests.fakes.sink import Sink, sink
from tests.peers.machines import Gatepost, Postfix, wait_for

LONG = b"x" * 5000


def _send(port: int) -> None:
    """One message of each kind that queue files know."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as session:
        session.ehlo("client.example")
        for sender, options, recipients, content in (
            (
                "joe@client.example",
                "RET=HDRS ENVID=abc+2Bd BODY=8BITMIME",
                (
                    ("a@far.example", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@far.example"),
                    ("list@alias.example", "NOTIFY=NEVER"),
                    ("gone@discard.example", ""),
                ),
                b"Subject: one\r\n\r\ncaf\xc3\xa9\r\n..dot\r\n" + LONG + b"\r\n\r\nend\r\n",
            ),
            ("", "", (("hold@far.example", ""),), b"Subject: two\r\n\r\nFrom me\r\n"),
            ('"jo e"@client.example', "", (('"odd one"@far.example', ""),), b"Subject: three\r\n\r\nx\r\n"),
            ("joe@client.example", "SMTPUTF8", (("other@far.example", ""),), b"Subject: four\r\n\r\nx\r\n"),
        ):
            assert session.docmd(f"MAIL FROM:<{sender}> {options}")[0] == 250
            for address, more in recipients:
                assert session.docmd(f"RCPT TO:<{address}> {more}")[0] == 250
            assert session.docmd("DATA")[0] == 354
            session.send(content + b".\r\n")
            assert session.getreply()[0] == 250


def _queue_files(postfix: Postfix) -> dict[str, Path]:
    found = [path for name in ("deferred", "hold") for path in (postfix.folder / "queue" / name).rglob("*")]
    return {path.name: path for path in found if path.is_file()}


def _filled(folder: Path) -> Postfix:
    """A Postfix that has ended, with mail in its queue."""
    port, dead = free_port(), free_port()
    postfix = Postfix(
        folder / "postfix",
        parameters={
            "transport_maps": f"inline:{{ {{far.example=smtp:[127.0.0.1]:{dead}}}, {{discard.example=discard:}} }}",
            "virtual_alias_domains": "alias.example",
            "virtual_alias_maps": "inline:{list@alias.example=b@far.example}",
            "smtpd_recipient_restrictions": "check_recipient_access inline:{ {hold@far.example=HOLD},"
            " {other@far.example=REDIRECT new@far.example} }, permit_mynetworks",
        },
        services={f"127.0.0.1:{port}": {}},
    )
    postfix.folder.mkdir(mode=0o755)
    postfix.start()
    try:
        _send(port)
        wait_for(f"the queue: {postfix.log()}", lambda: postfix.log().count("status=deferred") >= 4)
        wait_for("all of it at rest", lambda: len(_queue_files(postfix)) == 4)
    finally:
        postfix.stop()
    return postfix


def _postcat(path: Path) -> tuple[dict[str, list[str]], bytes]:
    """What Postfix says of a queue file: envelope records by name, and the content."""
    told = subprocess.run(["postcat", "-e", str(path)], capture_output=True, check=True, text=True).stdout
    content = subprocess.run(["postcat", "-hb", str(path)], capture_output=True, check=True).stdout
    names: dict[str, list[str]] = {}
    for line in told.splitlines():
        name, _, value = line.partition(": ")
        names.setdefault(name, []).append(value)
    return names, content


def _receive(far: Sink, count: int) -> set[bytes]:
    return {body.partition(b"Subject: ")[2].split(b"\r\n")[0] for body in far.contents(count)}


def test_a_postfix_queue_is_taken_over_and_delivered(folder: Path) -> None:
    postfix = _filled(folder)
    files = _queue_files(postfix)
    with sink() as far:
        place = folder / "gatepost"
        place.mkdir(mode=0o755)
        server = Gatepost(
            place,
            parameters={"relayhost": f"[127.0.0.1]:{far.port}", "defer_transports": "smtp"},
            services={f"127.0.0.1:{free_port()}": {}},
        ).start()
        try:
            done = server.run("queue", "import", "--postfix", str(postfix.folder / "queue"))
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("4 messages imported from ")
            again = server.run("queue", "import", "--postfix", str(postfix.folder / "queue"))
            assert again.stdout.startswith("0 messages imported from ")
            assert again.stdout.endswith(", 4 known already\n")
            out = folder / "out"
            assert server.run("queue", "export", str(out)).stdout.startswith("4 messages exported")
            for path in out.glob("*.json"):
                given = json.loads(path.read_text("ascii"))
                name = given["origin"].partition("/")[0]
                told, content = _postcat(files[name])
                assert path.with_suffix(".eml").read_bytes() == content.replace(b"\n", b"\r\n")
                assert given["sender"] == told["sender"][0].strip()
                assert [row["address"] for row in given["recipients"]] == told["recipient"]
                assert [row["original"] for row in given["recipients"]][: len(told["recipient"])] == [
                    original for original in told["original_recipient"] if "discard" not in original
                ]
                assert given["state"] == ("hold" if "hold" in files[name].parts else "deferred")
                assert given["smtputf8"] is (b"Subject: four" in content)
                if b"Subject: one" in content:
                    first = given["recipients"][0]
                    assert (given["ret"], given["envid"], given["body_8bit"]) == ("HDRS", "abc+d", True)
                    assert first["notify"] == ["SUCCESS", "DELAY"]
                    assert first["orcpt"] == "rfc822;x+y@far.example"
                    assert "Connection refused" in first["result"]["text"]
            held = next(p.stem for p in out.glob("*.json") if json.loads(p.read_text("ascii"))["state"] == "hold")
            assert server.run("queue", "release", held).returncode == 0
            server.stop()
            server.parameters["defer_transports"] = ""
            server.start()
            server.run("queue", "flush")
            assert _receive(far, 4) == {b"one", b"two", b"three", b"four"}
            asked = {line for line in far.commands if line.startswith("RCPT")}
            asked -= {"RCPT TO:<joe@client.example>"}  # the report of success that he asked for may be there already
            assert {line.removeprefix("RCPT ") for line in asked} == {
                "TO:<a@far.example>",
                "TO:<b@far.example>",
                "TO:<hold@far.example>",
                'TO:<"odd one"@far.example>',
                "TO:<new@far.example>",
            }
            wait_for("an empty queue", lambda: "is empty" in server.run("queue", "list").stdout)
        finally:
            server.stop()


def test_what_was_exported_can_be_submitted_with_sendmail(folder: Path) -> None:
    """To Postfix, by its own sendmail: nobody is locked in."""
    postfix = _filled(folder)
    place = folder / "gatepost"
    place.mkdir(mode=0o755)
    server = Gatepost(place, parameters={}, services={f"127.0.0.1:{free_port()}": {}})
    server.start()
    server.run("queue", "import", "--postfix", str(postfix.folder / "queue"))
    server.stop()  # and without a server
    out = folder / "out"
    done = server.run("queue", "export", str(out))
    assert done.stdout.startswith("4 messages exported"), done
    other = Postfix(folder / "other", parameters={"defer_transports": "smtp"}, services={})
    other.folder.mkdir(mode=0o755)
    other.start()
    try:
        wait_for("its pickup", (other.folder / "queue" / "public" / "pickup").exists)
        for path in out.glob("*.json"):
            given = json.loads(path.read_text("ascii"))
            words = ["-C", str(other.folder), "-i", "-f", given["sender"] or "<>", "--"]
            words += [row["address"] for row in given["recipients"] if " " not in row["address"]]
            if words[-1] == "--":
                continue
            with path.with_suffix(".eml").open("rb") as content:
                subprocess.run(["/usr/sbin/sendmail", *words], stdin=content, check=True)
        wait_for("three of them", lambda: other.log().count("from=<") >= 3 and len(_queue_files(other)) == 3)
        contents = b"".join(_postcat(path)[1] for path in _queue_files(other).values())
        assert LONG in contents
        assert b"\r" not in contents
    finally:
        other.stop()
