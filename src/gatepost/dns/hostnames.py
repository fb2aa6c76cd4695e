"""Which names may be host names (RFC 1123 section 2.1, as Postfix reads it: underscores are let pass)."""

from __future__ import annotations

import ipaddress

NAME_LENGTH = 255
LABEL_LENGTH = 63


def hostname_fault(name: str) -> str:
    """What is wrong with a host name, in the words of the log; empty where nothing is."""
    if not name:
        return "empty hostname"
    if len(name) > NAME_LENGTH or any(len(label) > LABEL_LENGTH for label in name.split(".")):
        return "bad length"
    for character in name:
        if not (character.isalnum() or character in "-_." or ord(character) >= 0x80):  # noqa: PLR2004 - not ASCII
            return f"invalid character {ord(character)}(decimal)"
    labels = name.split(".")
    if not all(labels):
        return "misplaced delimiter"
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        return "misplaced hyphen"
    if name.replace(".", "").isdecimal() and name.isascii():
        return "numeric hostname"
    return ""


def is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address, without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
