"""A disk that gives back what nobody wrote: the server says so, goes on, and delivers what can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gatepost.queue.schema import PAGE_SIZE
from tests.fakes.configurations import free_port
from tests.fakes.running import Running
from tests.fakes.sink import sink
from tests.fakes.site import Site, site, wait_until

MAIL = ("MAIL FROM:<joe@client.example>", "RCPT TO:<bob@far.example>", "DATA")
COUNT = 30


@pytest.fixture
def place() -> Iterator[Site]:
    with site() as made:
        yield made


def towards(port: int) -> str:
    where = f"transport_maps = inline:{{far.example=smtp:[127.0.0.1]:{port}}}\n"
    return f"{where}gatepost_workers = 1\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\n"


def submit(place: Site) -> None:
    with place.client() as wire:
        for number in range(COUNT):
            assert wire.say(*MAIL, f"Subject: {number}\r\n\r\n{'x' * 900}\r\n.").startswith("250 2.0.0 Ok")


def fill(place: Site) -> Path:
    """A server has accepted mail that it could not deliver, and has ended; its database."""
    with place.serving(towards(free_port())):
        submit(place)
        wait_until("deferred mail", lambda: place.queue().count("Connection refused") == COUNT)
    return place.folder / "queue" / "gatepost" / "slot-0" / "queue.db"


def spoil(database: Path, page: int) -> None:
    with database.open("r+b") as stream:
        stream.seek((page - 1) * PAGE_SIZE)
        stream.write(b"\xa5" * PAGE_SIZE)


def page_of(database: Path, table: str) -> int:
    connection = apsw.Connection(str(database))
    found = connection.execute("SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno LIMIT 1", (table,)).get
    connection.close()
    assert isinstance(found, int)
    return found


def said(server: Running, text: str) -> None:
    """Wait until the server has said that, whenever."""
    wait_until(f"{text} in {server.output[-60:]}", lambda: any(text in line for line in server.output))


def subjects(bodies: list[bytes]) -> set[int]:
    return {int(body.partition(b"Subject: ")[2].split()[0]) for body in bodies}


@pytest.mark.parametrize("what", ["first page", "message_due", "sqlite_autoindex_message_1"])
def test_a_damaged_database_is_set_aside_and_its_mail_delivered(place: Site, what: str) -> None:
    database = fill(place)
    spoil(database, 1 if what == "first page" else page_of(database, what))
    with sink() as far, place.serving(towards(far.port)) as server:
        said(server, f"salvaged {COUNT} messages, 0 are lost")
        said(server, "has been set aside")
        submit(place)
        assert subjects(far.contents(2 * COUNT)) == set(range(COUNT))
        wait_until("an empty queue", lambda: "is empty" in place.queue())
        if what != "sqlite_autoindex_message_1":  # this one is met when a delivery is to be recorded
            assert len(far.bodies) == 2 * COUNT


def test_damage_while_the_server_runs(place: Site) -> None:
    """The worker that meets it is replaced, and the next one has all there is to have."""
    database = fill(place)
    spoil(database, page_of(database, "recipient"))
    with sink() as far, place.serving(towards(far.port)) as server:
        server.wait_for("damaged message set aside: the database cannot be read here")
        with place.client() as wire:
            assert wire.say(*MAIL, "Subject: no\r\n\r\nx\r\n.").startswith("451 4.3.0 ")
        said(server, "has been set aside")
        said(server, "salvaged 0 messages")
        submit(place)
        assert subjects(far.contents(COUNT)) == set(range(COUNT))


def test_one_content_that_cannot_be_read_costs_that_message(place: Site) -> None:
    database = fill(place)
    database.write_bytes(database.read_bytes().replace(b"Subject: 7\r\n", b"Subject: X\r\n"))
    with sink() as far, place.serving(towards(far.port)) as server:
        assert subjects(far.contents(COUNT - 1)) == set(range(COUNT)) - {7}
        said(server, "damaged message set aside: envelope or content does not match its checksum")
        listed = wait_until("the rest to go", lambda: shown if (shown := place.queue()).count("@far") == 1 else None)
        assert "(envelope or content does not match its checksum)" in listed
