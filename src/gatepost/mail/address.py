"""Addresses as values: their internal and external forms, their parts, and what a domain may look like.

The *internal* form is the local part as it is meant, an `@`, and the domain: what tables are asked and rules compare.
The *external* form quotes the local part where RFC 5321 section 4.1.2 wants it: what stands on the wire, in headers
and in the log. The domain of an internal address begins behind its last `@`.
"""

from __future__ import annotations

import encodings.idna  # both read now: who serves may not read Python's files any more
import encodings.punycode  # noqa: F401 - found by name
import ipaddress
import re
from functools import lru_cache

from gatepost.mail import addresslist
from gatepost.mail.words import is_dot_string, quoted, scan

LABEL_LIMIT = 63
"""Characters of a label (RFC 1035 section 2.3.4)."""

REMEMBERED = 2000
"""Names of which it is remembered whether they can name a host: a session asks that of the same few many times."""

NAME_LIMIT = 255
"""Characters of a host name (RFC 1035 section 2.3.4)."""

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_PLAIN_PATH = re.compile(r"<([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9._-]+)>")
_PLAIN_LOCAL_AND_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*@[A-Za-z0-9._-]+")
_BRACKETS = re.compile(r'\\.|"(?:\\.|[^"\\])*"?|[<>]', re.DOTALL)
_LITERAL_V6 = re.compile(r"ipv6:", re.IGNORECASE)


class AddressSyntaxError(ValueError):
    """A text that is no address where one is needed."""


def parse_path(argument: str, *, strict: bool = False) -> str:
    """Read the address of MAIL, RCPT or VRFY (`<a@b>`, and what else clients send) into internal form.

    The argument is the text behind `FROM:` or `TO:` up to the ESMTP parameters. A null path gives the empty text.
    With `strict` (`strict_rfc821_envelopes`) only `<path>` without comments will do. Raises AddressSyntaxError for
    anything but one address, or none. Whether the domain can exist is for `has_usable_domain` to say.
    """
    if plain := _PLAIN_PATH.fullmatch(argument):
        return plain[1]  # nearly every path; what follows comes to the same
    if _open_brackets(argument):
        raise AddressSyntaxError(f"a bracket is not closed: {argument}")
    enclosed = len(argument) > 1 and argument[0] == "<" and argument[-1] == ">"
    items = addresslist.parse(argument[1:-1] if enclosed else argument)
    found = addresslist.addresses(items)
    if len(found) > 1:
        raise AddressSyntaxError(f"more than one address: {argument}")
    if strict and (not enclosed or len(items) != len(found)):
        raise AddressSyntaxError(f"not a path in angle brackets: {argument}")
    address = found[0].text if found else ""
    if strict and address.startswith("@"):
        raise AddressSyntaxError(f"no local part: {argument}")
    return address


def external(address: str) -> str:
    """The address as it stands on the wire, in headers and in the log: the local part quoted where it must be."""
    if _PLAIN_LOCAL_AND_DOMAIN.fullmatch(address):
        return address  # nearly every address; what follows comes to the same
    route, address = _split_route(address)
    local, domain = split_domain(address)
    if "@" not in address:
        return route + (local if not local or is_dot_string(local) else quoted(local))
    return f"{route}{local if is_dot_string(local) else quoted(local)}@{domain}"


def internal(text: str) -> str:
    """The address without quotes, backslashes, blanks and comments: the inverse of `external`."""
    return "".join(token.text for token in scan(text) if not token.source.startswith("("))


def split_domain(address: str) -> tuple[str, str]:
    """Local part and domain; the domain is empty where there is none."""
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (domain, "")


def split_extension(local: str, delimiters: str, *, owner_request: bool = True) -> tuple[str, str]:
    """Split `user+ext` into `user` and `+ext`, at the first of the delimiters (`recipient_delimiter`).

    The extension keeps its delimiter, so that `user + ext` is the whole again; it is empty where there is none.
    Addresses of the mail system are not split, nor, where the delimiter is `-`, are `owner-name` and `name-request`
    (`owner_request`, the parameter `owner_request_special`).
    """
    if not delimiters or local.lower() in {"mailer-daemon", "double-bounce", "postmaster"}:
        return local, ""
    if (
        owner_request
        and "-" in delimiters
        and (local.lower().startswith("owner-") or local.lower().endswith("-request"))
    ):
        return local, ""
    cut = next((i for i, char in enumerate(local) if char in delimiters), 0)
    return (local[:cut], local[cut:]) if cut else (local, "")


def fold(text: str) -> str:
    """The text as tables of fixed strings keep their keys: without difference of case, beyond ASCII too."""
    return text.casefold()


def to_ascii(domain: str) -> str:
    """The domain with its labels in ASCII (IDNA); raises AddressSyntaxError where it has no such form."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as reason:
        raise AddressSyntaxError(f"no internationalised domain: {domain}") from reason


@lru_cache(maxsize=4096)
@lru_cache(REMEMBERED)
def is_hostname(name: str, *, utf8: bool = True) -> bool:
    """Whether a text can name a host.

    Letters, digits, `-` and `_`; no label empty, too long, or with `-` at an end; not digits and dots alone, which
    would be a broken address. No trailing dot. Other scripts count by their ASCII form, unless `utf8` is off.
    """
    if not name.isascii():
        if not utf8:
            return False
        try:
            name = to_ascii(name)
        except AddressSyntaxError:
            return False
    if not name or len(name) > NAME_LIMIT or not name.strip("0123456789."):
        return False
    return all(len(label) <= LABEL_LIMIT and _LABEL.fullmatch(label) for label in name.split("."))


def literal_address(domain: str) -> str | None:
    """The IP address of an address literal (`[192.0.2.1]`, `[IPv6:2001:db8::1]`), None where it is none.

    RFC 5321 section 4.1.3.
    """
    if not (domain.startswith("[") and domain.endswith("]")):
        return None
    inner = domain[1:-1]
    tag = _LITERAL_V6.match(inner)
    try:
        parsed = ipaddress.IPv6Address(inner[tag.end() :]) if tag else ipaddress.IPv4Address(inner)
    except ValueError:
        return None
    return None if "%" in inner else str(parsed)


def is_host_literal(domain: str) -> bool:
    """Whether the domain is an address literal."""
    return literal_address(domain) is not None


def has_usable_domain(address: str, *, utf8: bool = True) -> bool:
    """Whether what stands behind the last `@` can be a mail domain: a literal or a host name (even one with a dot).

    True where there is no `@`. A bare IP address is no mail domain.
    """
    if "@" not in address:
        return True
    domain = split_domain(address)[1]
    return is_host_literal(domain) or is_hostname(domain.removesuffix("."), utf8=utf8)


def _open_brackets(text: str) -> int:
    """How many `<` find no `>`; what is quoted, and what follows a backslash, does not count."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth = depth + 1 if found[0] == "<" else max(depth - (found[0] == ">"), 0)
    return depth


def _split_route(address: str) -> tuple[str, str]:
    """Source route (`@a,@b:`, empty mostly) and the address behind it."""
    if address.startswith("@") and ":" in address:
        route, colon, rest = address.partition(":")
        return route + colon, rest
    return "", address
