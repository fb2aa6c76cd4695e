"""resolv.conf and hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.dns.system import LOOK, Hosts, NameServer, ResolverOptions, Watched, system_hosts, system_options

OPTIONS = (
    ("", ResolverOptions((NameServer("127.0.0.1", vouches=True),), 5.0, 2)),
    ("nameserver 192.0.2.1\n", ResolverOptions((NameServer("192.0.2.1"),), 5.0, 2)),
    (
        "# c\nnameserver ::1\nnameserver 192.0.2.1\nsearch example\noptions timeout:1 attempts:3 rotate\n",
        ResolverOptions((NameServer("::1", vouches=True), NameServer("192.0.2.1")), 1.0, 3),
    ),
    ("nameserver 192.0.2.1\noptions trust-ad\n", ResolverOptions((NameServer("192.0.2.1", vouches=True),), 5.0, 2)),
    ("nameserver nonsense\noptions timeout:x attempts:0\n", ResolverOptions(attempts=1)),
    ("options timeout:999 attempts:999\n", ResolverOptions(timeout=30.0, attempts=5)),
    (
        "".join(f"nameserver 192.0.2.{n}\n" for n in range(1, 9)),
        ResolverOptions(tuple(NameServer(f"192.0.2.{n}") for n in (1, 2, 3))),
    ),
)


@pytest.mark.parametrize(("text", "expected"), OPTIONS)
def test_resolver_options(text: str, expected: ResolverOptions) -> None:
    assert expected == ResolverOptions.parse(text)


def test_hosts() -> None:
    hosts = Hosts.parse(
        "127.0.0.1 localhost # c\n::1 localhost ip6-localhost\n192.0.2.9 Mail.example mail\nnonsense x\n10.0.0.1\n"
    )
    assert ("127.0.0.1", "::1") == hosts.addresses["localhost"]
    assert ("192.0.2.9",) == hosts.addresses["mail.example"]
    assert {"127.0.0.1": "localhost", "::1": "localhost", "192.0.2.9": "Mail.example"} == hosts.names


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    now = [0.0]
    watched = Watched(path, Hosts.parse, lambda: now[0])
    assert watched() == Hosts()
    path.write_text("192.0.2.1 a\n")
    assert watched() == Hosts()  # it was looked at just now
    now[0] += LOOK
    first = watched()
    assert first.names == {"192.0.2.1": "a"}
    assert watched() is first
    path.write_text("192.0.2.1 abc\n")
    now[0] += LOOK
    assert watched().names == {"192.0.2.1": "abc"}
    path.unlink()
    now[0] += LOOK
    assert watched() == Hosts()


def test_the_systems_files(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.1\n")
    (tmp_path / "hosts").write_text("192.0.2.1 a\n")
    assert "192.0.2.1" == system_options(tmp_path / "resolv.conf")().servers[0].host
    assert {"192.0.2.1": "a"} == system_hosts(tmp_path / "hosts")().names
