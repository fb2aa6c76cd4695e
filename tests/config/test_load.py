"""Reading a configuration directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.config.findings import ConfigurationError, Level
from gatepost.config.load import Configuration, load, read_settings, survey

MASTER = "smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\nlocal unix - n n - - local\nvirtual unix - n n - - virtual\nrelay unix - - n - - smtp\n"  # noqa: E501 - a file
MAIN = "compatibility_level = 3.6\nmyhostname = mx.example\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"


def write(directory: Path, main: str = MAIN, master: str = MASTER) -> Path:
    (directory / "main.cf").write_text(main, "utf-8")
    (directory / "master.cf").write_text(master, "utf-8")
    return directory


def read(directory: Path, main: str = MAIN, master: str = MASTER) -> Configuration:
    return load(write(directory, main, master))


def refused(directory: Path, main: str = MAIN, master: str = MASTER) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(directory, main, master)
    return [one.id for one in caught.value.findings if one.level is Level.ERROR]


def test_a_directory_is_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert ("mx.example", str(tmp_path)) == (found.settings.myhostname, found.settings.config_directory)
    assert ["smtp", "smtp", "local", "virtual", "relay"] == [one.name for one in found.services]
    service = found.service("smtp", "inet")
    assert service is not None
    assert (("127.0.0.1", 25),) == service.endpoints
    assert found.service("lmtp") is None
    assert () == found.findings


def test_mynetworks_derive_from_the_interfaces_in_use(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (("127.0.0.1/32",), ("127.0.0.1/32",)) == (found.settings.mynetworks, found.own.networks)
    assert frozenset({"127.0.0.1"}) == found.own.interfaces
    subnet = read(tmp_path, MAIN + "mynetworks_style = subnet\n")
    assert ("127.0.0.0/8",) == subnet.settings.mynetworks


def test_loopback_only(tmp_path: Path) -> None:
    found = read(tmp_path, MAIN.replace("127.0.0.1", "loopback-only"))
    assert frozenset({"127.0.0.1"}) == found.own.interfaces


def test_all_interfaces_are_listened_on_at_once(tmp_path: Path) -> None:
    found = read(tmp_path, MAIN.replace("127.0.0.1", "all"))
    service = found.service("smtp", "inet")
    assert service is not None
    assert (("0.0.0.0", 25),) == service.endpoints
    assert "127.0.0.1" in found.own


def test_ipv6_can_be_all_there_is(tmp_path: Path) -> None:
    found = read(tmp_path, MAIN.replace("ipv4", "ipv6").replace("127.0.0.1", "all"))
    service = found.service("smtp", "inet")
    assert service is not None
    assert (("::", 25),) == service.endpoints


def test_an_interface_may_be_a_name_and_proxies_are_our_own(tmp_path: Path) -> None:
    found = read(tmp_path, MAIN.replace("127.0.0.1", "localhost") + "proxy_interfaces = 198.51.100.1\n")
    assert (frozenset({"127.0.0.1"}), frozenset({"198.51.100.1"})) == (found.own.interfaces, found.own.proxies)


def test_an_interface_without_a_usable_address_is_an_error(tmp_path: Path) -> None:
    assert ["GP0105"] == refused(tmp_path, MAIN.replace("inet_interfaces = 127.0.0.1", "inet_interfaces = ::1"))


def test_the_origin_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "mailname").write_text("example.org\nmore\n", "utf-8")
    assert "example.org" == read(tmp_path, f"{MAIN}myorigin = {tmp_path}/mailname\n").settings.myorigin
    assert ["GP0005"] == refused(tmp_path, f"{MAIN}myorigin = {tmp_path}/nowhere\n")


def test_files_of_pattern_lists_are_read_with_those_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(f"a.example {tmp_path}/two\n", "utf-8")
    (tmp_path / "two").write_text(f"b.example {tmp_path}/one\n", "utf-8")
    found = read(tmp_path, f"{MAIN}relay_domains = {tmp_path}/one {tmp_path}/three\n")
    assert {f"{tmp_path}/one", f"{tmp_path}/two"} == set(found.settings.files)


def test_a_service_has_files_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "nets").write_text("192.0.2.0/24\n", "utf-8")
    found = read(tmp_path, MAIN, MASTER.replace("- smtpd", f"- smtpd -o mynetworks={tmp_path}/nets"))
    service = found.service("smtp", "inet")
    assert service is not None
    assert {f"{tmp_path}/nets": "192.0.2.0/24\n"} == service.settings.files


def test_all_errors_are_told_at_once(tmp_path: Path) -> None:
    main = MAIN + "smtpd_recipient_limit = many\nsmtpd_milters = inet:localhost:1\n"
    assert ["GP0203", "GP0012", "GP0013"] == refused(tmp_path, main, MASTER + "x unix\n")


@pytest.mark.parametrize(
    ("main", "master", "ids"),
    [
        (MAIN, MASTER + "x unix - - n - - smtp -o smtpd_recipient_limit=x\n", ["GP0012"]),
        (MAIN, MASTER + "none inet n - n - - smtpd\n", ["GP0207"]),
        (MAIN + "smtpd_tls_cert_file = /c\nsmtpd_tls_key_file =\n", MASTER, ["GP0103"]),
    ],
)
def test_errors(tmp_path: Path, main: str, master: str, ids: list[str]) -> None:
    assert ids == refused(tmp_path, main, master)


def test_a_survey_looks_past_what_is_wrong(tmp_path: Path) -> None:
    main = MAIN + "bad = ${x\nmynetworks = $bad\nsmtpd_recipient_limit = many\nmydestination = $myhostname\n"
    found = survey(write(tmp_path, main, MASTER.replace("- smtpd", "- smtpd -o smtpd_timeout=soon")))
    assert ["GP0011", "GP0012", "GP0012"] == [one.id for one in found.findings if one.level is Level.ERROR]
    assert (1000, ("mx.example",)) == (found.settings.smtpd_recipient_limit, found.settings.mydestination)
    assert found.services[0].settings.smtpd_timeout.total_seconds() == 300


def test_disabled_services_are_left_out(tmp_path: Path) -> None:
    assert ["smtp", "local", "virtual", "relay"] == [
        one.name for one in read(tmp_path, MAIN + "master_service_disable = inet\n").services
    ]


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"main\.cf cannot be read: No such file"):
        load(tmp_path / "none")


def test_names_in_overrides_are_known(tmp_path: Path) -> None:
    master = MASTER.replace("- smtpd", "- smtpd -o smtpd_client_restrictions=$mua")
    assert () == read(tmp_path, MAIN + "mua = reject\n", master).findings


def test_settings_can_be_read_without_master_cf_and_with_faults(tmp_path: Path) -> None:
    (tmp_path / "main.cf").write_text("smtpd_recipient_limit = many\n", "utf-8")
    settings, findings = read_settings(tmp_path)
    assert ("many", ["GP0012"]) == (settings.text("smtpd_recipient_limit"), [one.id for one in findings])
    (tmp_path / "main.cf").write_text("mynetworks_style = host\ninet_interfaces = 127.0.0.1\n", "utf-8")
    assert ("127.0.0.1/32",) == read_settings(tmp_path)[0].mynetworks
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings(tmp_path / "none")


STOCK = Path("/usr/share/postfix")


@pytest.mark.skipif(not (STOCK / "master.cf.dist").exists(), reason="needs the files of Debian's postfix package")
@pytest.mark.parametrize("main", ["main.cf.debian", "main.cf.dist"])
def test_stock_files_load_as_they_are(tmp_path: Path, main: str) -> None:
    files = ((STOCK / name).read_text("utf-8") for name in (main, "master.cf.dist"))
    found = read(tmp_path, *files)
    assert all(one.level is Level.NOTE for one in found.findings)
    assert "smtpd" in {one.command for one in found.services}
