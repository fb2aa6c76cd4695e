"""The codings of DSN parameters: xtext (RFC 3461 section 4) and the unicode forms of RFC 6533 section 3."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[!-*,-<>-~]*")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_XTEXT_HEX = re.compile(r"\+([0-9A-F]{2})")
_UXTEXT = re.compile(r"(?:[!-\[\]-~\x80-\U0010FFFF]|\\x\{[0-9A-Fa-f]+\})*")
_UXTEXT_POINT = re.compile(r"\\x\{([0-9A-Fa-f]+)\}")
_LAST_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def encode(text: str) -> str:
    """Text to xtext: bytes outside printable ASCII, `+` and `=` become `+HH`."""
    if _PLAIN.fullmatch(text):
        return text
    octets = text.encode("utf-8", "surrogateescape")
    return "".join(chr(octet) if 0x21 <= octet <= 0x7E and octet not in b"+=" else f"+{octet:02X}" for octet in octets)  # noqa: PLR2004 - the printable range of RFC 3461


def decode(text: str) -> str:
    """Xtext to text; raises ValueError where it is none."""
    if not _XTEXT.fullmatch(text):
        raise ValueError(f"not xtext: {text!r}")
    octets = _XTEXT_HEX.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1")
    return octets.decode("utf-8", "surrogateescape")


def encode_unicode(text: str) -> str:
    r"""Text to utf-8-addr-xtext, which any server takes: all but printable ASCII, `\`, `+` and `=` become `\x{H}`."""
    return "".join(char if "!" <= char <= "~" and char not in "\\+=" else f"\\x{{{ord(char):X}}}" for char in text)


def decode_unicode(text: str) -> str:
    """The address of an `utf-8;` ORCPT, in either of its forms; raises ValueError where it is none."""
    if not _UXTEXT.fullmatch(text):
        raise ValueError(f"not a unicode address: {text!r}")

    def character(found: re.Match[str]) -> str:
        point = int(found[1], 16)
        if not 0 < point <= _LAST_POINT or point in _SURROGATES:
            raise ValueError(f"not a character: {found[0]}")
        return chr(point)

    return _UXTEXT_POINT.sub(character, text)
