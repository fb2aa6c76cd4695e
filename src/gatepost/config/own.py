"""What the host calls its own: interface addresses, proxies in front of it, and the networks it sits in."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The addresses that mail for `user@[address]` may name, and the default of `mynetworks`.

    `interfaces` are those that the server uses (`inet_interfaces`), `proxies` those of `proxy_interfaces`; all are
    address texts. `networks` are written as `mynetworks` wants them.
    """

    interfaces: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    def __contains__(self, address: str) -> bool:
        return address in self.interfaces or address in self.proxies


def networks(style: str, interfaces: Iterable[Interface]) -> tuple[str, ...]:
    """The networks that `mynetworks_style` (host, subnet or class) makes of the interfaces, each once."""
    found = (_written(_network(style, interface)) for interface in interfaces)
    return tuple(dict.fromkeys(found))


def _network(style: str, interface: Interface) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    match style:
        case "host":
            return ipaddress.ip_network(interface.ip)
        case "class" if isinstance(interface, ipaddress.IPv4Interface):
            return ipaddress.ip_network((interface.ip, _class_length(interface.ip)), strict=False)
        case _:
            return interface.network


def _class_length(address: ipaddress.IPv4Address) -> int:
    """The prefix length of the address's class, as networks had it before CIDR (RFC 791 section 3.2)."""
    first = int(address) >> 24
    if first < 128:  # noqa: PLR2004 - class A: the first bit is 0
        return 8
    if first < 192:  # noqa: PLR2004 - class B: 10
        return 16
    return 24 if first < 224 else 32  # noqa: PLR2004 - class C: 110


def _written(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    if network.version == 4:  # noqa: PLR2004 - the protocol's number
        return str(network)
    return f"[{network.network_address}]/{network.prefixlen}"


def parse_addresses(datagram: bytes) -> tuple[list[Interface], bool]:
    """The interface addresses in a netlink answer to RTM_GETADDR, and whether the answer ends here (rtnetlink(7))."""
    found: list[Interface] = []
    position = 0
    while position + _HEADER.size <= len(datagram):
        length, kind, _, _, _ = _HEADER.unpack_from(datagram, position)
        if kind in (_DONE, _FAILED) or length < _HEADER.size:
            return found, True
        if kind == _NEW_ADDRESS:
            interface = _interface(datagram[position + _HEADER.size : position + length])
            found += [interface] if interface else []
        position += _aligned(length)
    return found, False


def address_request() -> bytes:
    """The netlink question for all interface addresses."""
    body = _ADDRESS.pack(0, 0, 0, 0, 0)
    return _HEADER.pack(_HEADER.size + len(body), _GET_ADDRESS, _REQUEST_DUMP, 1, 0) + body


def _interface(message: bytes) -> Interface | None:
    _, length, _, _, _ = _ADDRESS.unpack_from(message)
    attributes: dict[int, bytes] = {}
    position = _ADDRESS.size
    while position + _ATTRIBUTE.size <= len(message):
        size, kind = _ATTRIBUTE.unpack_from(message, position)
        if size < _ATTRIBUTE.size:
            break
        attributes[kind] = message[position + _ATTRIBUTE.size : position + size]
        position += _aligned(size)
    packed = attributes.get(_OWN_ADDRESS) or attributes.get(_PEER_ADDRESS)  # equal but for point-to-point links
    return ipaddress.ip_interface((packed, length)) if packed else None


def _aligned(size: int) -> int:
    return size + 3 & ~3


_HEADER = struct.Struct("=LHHLL")
_ADDRESS = struct.Struct("=BBBBL")
_ATTRIBUTE = struct.Struct("=HH")
_GET_ADDRESS, _NEW_ADDRESS, _DONE, _FAILED = 22, 20, 3, 2
_REQUEST_DUMP = 0x301
_PEER_ADDRESS, _OWN_ADDRESS = 1, 2
