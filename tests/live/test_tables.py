"""Tables that change under a running server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.site import Site, wait_until

MAIL = ("MAIL FROM:<joe@client.example>", "RCPT TO:<ann@box.example>")


def use(site: Site) -> str:
    asked = f"check_recipient_access hash:{site.folder}/access"
    return f"smtpd_recipient_restrictions = {asked}, reject_unauth_destination\n"


def ask_until(site: Site, wanted: str) -> None:
    """Ask again, in sessions of their own, until the answer begins so: a change counts once the file holds still."""

    def look() -> bool:
        with site.client() as wire:
            return wire.say(*MAIL).startswith(wanted)

    wait_until(wanted, look)


def put(path: Path, text: str) -> None:
    """Replace a file as tools do, by renaming."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def test_a_table_that_disappears_defers_and_is_named_and_comes_back(site: Site) -> None:
    path = site.folder / "access"
    path.write_text("ann@box.example REJECT no\n", "utf-8")
    with site.serving(use(site)) as server:
        ask_until(site, "554 5.7.1 <ann@box.example>: Recipient address rejected: no")
        path.unlink()
        ask_until(site, "451 4.3.5 <ann@box.example>: Recipient address rejected: Server configuration error")
        server.wait_for(f"hash:{path} is unavailable. open database {path}: No such file or directory")
        put(path, "ann@box.example OK\n")
        ask_until(site, "250 2.1.5 Ok")


@pytest.mark.parametrize(
    ("kind", "good", "half"),
    [
        ("pcre", "/^ann@/ REJECT no\n", "/^joe@/ OK\n/^ann@("),
        ("regexp", "/^ann@/ REJECT no\n", "/^joe@/ OK\n/^ann@"),
        ("cidr", "192.0.2.0/24 OK\n127.0.0.1 REJECT no\n", "192.0.2.0/24 OK\n127.0.0"),
        ("texthash", "ann@box.example REJECT no\n", "joe@box.example OK\nann@box.exam"),
    ],
)
def test_a_half_written_table_keeps_its_old_content(site: Site, kind: str, good: str, half: str) -> None:
    path = site.folder / "access"
    path.write_text(good, "utf-8")
    question = "client" if kind == "cidr" else "recipient"
    rules = f"smtpd_recipient_restrictions = check_{question}_access {kind}:{path}, reject_unauth_destination\n"
    rules += "gatepost_workers = 1\n"  # a second one may see the table for the first time when it is half
    with site.serving(rules) as server:
        ask_until(site, "554 5.7.1 ")
        path.write_text(half, "utf-8")

        def told() -> bool:
            with site.client() as wire:
                assert wire.say(*MAIL).startswith("554 5.7.1 ")
            return any(f"{kind}:{path}" in line and "keeping its previous content" in line for line in server.output)

        wait_until("a line about the table", told)
        put(path, "")
        ask_until(site, "250 2.1.5 Ok")


def test_a_table_that_cannot_be_read_any_more_defers(site: Site) -> None:
    path = site.folder / "access"
    path.write_text("ann@box.example OK\n", "utf-8")
    with site.serving(use(site)) as server:
        ask_until(site, "250 2.1.5 Ok")
        path.unlink()
        path.mkdir()  # as unreadable as can be, for every user
        ask_until(site, "451 4.3.5 ")
        server.wait_for(f"hash:{path} is unavailable.")
        path.rmdir()
        put(path, "ann@box.example OK\n")
        ask_until(site, "250 2.1.5 Ok")
