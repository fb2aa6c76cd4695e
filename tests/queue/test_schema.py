"""Rows and back."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.delivery import Result, Status
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.queue import schema
from gatepost.queue.body import FileBody, MemoryBody
from gatepost.queue.record import Identity, Row, RowState, StoredMessage
from tests.queue.contract import ENVELOPE, NOW, RECIPIENTS

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from([chr(0xDC00 + n) for n in range(128, 256)]))


@given(TEXT)
def test_any_text_comes_back(text: str) -> None:
    encoded = schema.encode_text(text)
    encoded.encode("utf-8")
    assert "\0" not in encoded
    assert schema.decode_text(encoded) == text


def test_usual_text_is_readable() -> None:
    assert schema.encode_text('"ünï code"@example.com') == '"ünï code"@example.com'
    assert schema.encode_text("a\\b\udcff@x") == r"a\\b\xff@x"


ROW = Row(
    3,
    Recipient("x@Example.com", "y@example.net", Notify.DELAY | Notify.FAILURE, "rfc822;y\udcff", "via\udcff@b.example"),
    RowState.FAILED,
    2,
    Result(3, Status.BOUNCED, "5.1.1", "said \udcff", "mx[192.0.2.1]:25", remote_reply="550 no", remote_host="mx"),
)


def test_a_recipient_comes_back() -> None:
    number, *values = schema.recipient_values(7, ROW)
    assert number == 7
    assert schema.read_row(tuple(values)) == ROW
    assert values[8] == "example.com"


def test_a_changed_recipient_is_noticed() -> None:
    values = list(schema.recipient_values(7, ROW)[1:])
    values[3] = "other@example.com"
    with pytest.raises(schema.Mismatch):
        schema.read_row(tuple(values))


def message() -> StoredMessage:
    rows = tuple(Row(number, recipient) for number, recipient in enumerate(RECIPIENTS, 1))
    return StoredMessage(
        Identity(9, "A1"),
        ENVELOPE,
        rows,
        MemoryBody(b"content"),
        NOW,
        NOW + 1,
        NOW + 2,
        reason="why \udcff",
        warned=True,
        route="smtp:x",
        redirect="r@x",
    )


def test_a_message_comes_back() -> None:
    given_message = message()
    values = schema.message_values(given_message, MemoryBody(b"content"), 0)
    assert schema.read_message(values, given_message.rows, given_message.body) == given_message
    schema.check_message(values, b"content")
    with pytest.raises(schema.Mismatch):
        schema.check_message(values, b"other")


def test_a_message_without_a_readable_envelope_can_be_listed() -> None:
    values = list(schema.message_values(message(), MemoryBody(b""), 0))
    values[15] = "junk"
    found = schema.read_message(schema.without_envelope(tuple(values)), (), MemoryBody(b""))
    assert found.envelope == Envelope(ENVELOPE.sender, ())


def test_a_body_is_its_head_and_maybe_a_file() -> None:
    assert schema.body_values(9, MemoryBody(b"x")) == (9, b"x", None, None)
    body = FileBody(b"x", path=Path("A1"), file_size=5, checksum=6)
    assert schema.body_values(9, body) == (9, b"x", 5, 6)


def test_values_fit_their_tables() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(schema.CREATE)
    widths = {"message": 17, "recipient": 12, "body": 4}
    for table, width in widths.items():
        assert len(connection.execute(f"SELECT * FROM pragma_table_info('{table}')").fetchall()) == width
    assert len(schema.message_values(message(), MemoryBody(b""), 0)) == 17
    assert len(schema.recipient_values(1, ROW)) == 12
