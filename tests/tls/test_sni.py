"""Values of tls_server_sni_maps."""

from __future__ import annotations

import base64

import pytest

from gatepost.oracle import LookupFailed
from gatepost.tls.chains import ChainError
from gatepost.tls.sni import ServerNames
from tests.fakes.tls import FILES

PEM = FILES["sni.pem"]
ENCODED = base64.b64encode(PEM).decode()


def names(table: str, value: str, files: dict[str, bytes] | None = None) -> ServerNames:
    def read(name: str) -> bytes:
        try:
            return {"sni.pem": PEM, **(files or {})}[name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", name) from None

    return ServerNames({"a.example": (value, table)}.get, read)


@pytest.mark.parametrize(
    ("table", "value", "files"),
    [
        ("texthash:/sni", "sni.pem", {}),
        ("inline:{a}", "sni.pem", {}),
        ("hash:/sni", ENCODED, {}),
        ("hash:/sni", "sni.pem", {"/sni.db": b"\0\0" + ENCODED.encode() + b"\0"}),
        ("proxy:lmdb:/sni", "sni.pem", {"/sni.lmdb": ENCODED.encode()}),
    ],
)
def test_values_are_file_names_or_encoded_files(table: str, value: str, files: dict[str, bytes]) -> None:
    found = names(table, value, files).find("a.example")
    assert found is not None
    assert len(found) == 1


@pytest.mark.parametrize("files", [{}, {"/sni.db": b"\0\0sni.pem\0"}])
def test_file_names_in_a_table_that_was_not_indexed_from_files_are_malformed(files: dict[str, bytes]) -> None:
    with pytest.raises(ChainError, match=r"table hash:/sni: key a\.example: malformed BASE64 value: sni\.pem"):
        names("hash:/sni", "sni.pem", files).find("a.example")


def test_a_name_that_is_not_there_is_none() -> None:
    assert names("texthash:/sni", "sni.pem").find("b.example") is None


def test_a_failed_look_up_is_passed_on() -> None:
    def fail(key: str) -> None:
        raise LookupFailed("hash:/sni", key, "unavailable")

    with pytest.raises(LookupFailed):
        ServerNames(fail, lambda _: b"").find("a.example")
