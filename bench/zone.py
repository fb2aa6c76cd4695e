"""A name server for the benchmark: a zone in which every sender and client exists and no block list knows anybody.

Answers are made once for each question and then sent as they are, so that the name server costs next to nothing.
"""

from __future__ import annotations

import socket
import sys

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

PORT = 53
CLIENT = "192.0.2.1"
CLIENT_NAME = "mail.client.example."
ID_SIZE = 2


def answer(query: bytes) -> bytes:
    """The answer to a query, but for its first two bytes, which are the query's own."""
    asked = dns.message.from_wire(query)
    made = dns.message.make_response(asked)
    made.flags |= dns.flags.AA | dns.flags.RA
    question = asked.question[0]
    name = question.name.to_text().lower()
    if ".bl.example." in name:
        made.set_rcode(dns.rcode.NXDOMAIN)
    for kind, value in _records(name):
        if question.rdtype == dns.rdatatype.from_text(kind):
            made.answer.append(dns.rrset.from_text(question.name, 3600, "IN", kind, value))
    return made.to_wire()


def _records(name: str) -> tuple[tuple[str, str], ...]:
    if name.endswith(".in-addr.arpa."):
        return (("PTR", CLIENT_NAME),)
    if ".bl.example." in name:
        return ()
    return (("A", CLIENT), ("MX", f"10 {CLIENT_NAME}"))


def serve(address: str) -> None:
    """Answer for ever."""
    known: dict[bytes, bytes] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind((address, PORT))
        print("ready", flush=True)
        while True:
            query, peer = end.recvfrom(4096)
            question = query[ID_SIZE:]
            found = known.get(question)
            if found is None:
                found = known[question] = answer(query)[ID_SIZE:]
            end.sendto(query[:ID_SIZE] + found, peer)


if __name__ == "__main__":
    serve(sys.argv[1])
