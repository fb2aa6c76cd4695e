"""8-bit content for servers that take 7 bits."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.downgrade import Downgrade, quoted_printable


def convert(text: str, size: int | None = None) -> str:
    data = text.replace("\n", "\r\n").encode()
    downgrade = Downgrade()
    size = size or len(data)
    pieces = [downgrade.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return (b"".join(pieces) + downgrade.end()).decode().replace("\r\n", "\n")


# What Postfix 3.7 makes of each.
CASES = [
    (
        "Subject: x\nContent-Transfer-Encoding: 8bit\nFrom: a\n\ny ü=1 \n",
        "Subject: x\nFrom: a\nContent-Transfer-Encoding: quoted-printable\n\ny =C3=BC=3D1=20\n",
    ),
    ("Subject: x\n\ny ü=1 \n", "Subject: x\n\ny ü=1 \n"),
    (
        (
            "Content-Type: multipart/mixed;\n boundary=b\nContent-Transfer-Encoding: 8bit\n\n"
            "preä\n--b\nContent-Transfer-Encoding: 8BIT\n\nü\n--b\n\nö\n--b--\npostä\n"
        ),
        (
            "Content-Type: multipart/mixed;\n boundary=b\nContent-Transfer-Encoding: 7bit\n\n"
            "preä\n--b\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC\n--b\n\nö\n--b--\npostä\n"
        ),
    ),
    (
        (
            'Content-Type: multipart/mixed; boundary="b"\nContent-Transfer-Encoding: 8bit\n\n'
            "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n"
            "Subject: inner\nContent-Transfer-Encoding: 8bit\n\nü\n--b--\n"
        ),
        (
            'Content-Type: multipart/mixed; boundary="b"\nContent-Transfer-Encoding: 7bit\n\n'
            "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\n"
            "Subject: inner\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC\n--b--\n"
        ),
    ),
    ("Content-Transfer-Encoding: base64\n\nw7w=\n", "Content-Transfer-Encoding: base64\n\nw7w=\n"),
    ("Content-Transfer-Encoding: 8bit\n", ""),
    ("Subject: x", "Subject: x\n"),
]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(("content", "converted"), CASES)
def test_conversion(content: str, converted: str, size: int | None) -> None:
    assert converted == convert(content, size)


def test_inner_parts_end_with_their_parents() -> None:
    """A missing end of an inner multipart does not swallow the outer one's next part."""
    eight = "Content-Transfer-Encoding: 8bit\n"
    content = (
        f"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\n{eight}\nü\n--a\n{eight}\nö\n--a--\n"
    )
    assert convert(content).count("quoted-printable") == 2
    assert convert(content).isascii()


def test_long_lines_are_broken_where_postfix_breaks_them() -> None:
    first, rest = quoted_printable(b"long " + b"x" * 100 + b" \xc3\xbc").split(b"=\r\n")
    assert len(first) == 73
    assert rest == b"x" * 32 + b" =C3=BC\r\n"


@given(st.binary(max_size=300).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")))
def test_quoted_printable_says_the_same_in_short_ascii_lines(line: bytes) -> None:
    encoded = quoted_printable(line)
    assert line + b"\n" == quopri.decodestring(encoded.replace(b"\r\n", b"\n"))
    assert encoded.isascii()
    assert all(len(part) <= 76 for part in encoded.split(b"\r\n"))


@given(st.binary(max_size=200), st.integers(1, 9))
def test_cutting_does_not_matter(data: bytes, size: int) -> None:
    whole, cut = Downgrade(), Downgrade()
    pieces = [cut.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert whole.feed(data) + whole.end() == b"".join(pieces) + cut.end()
