"""Whose messages have their headers completed as ours (`local_header_rewrite_clients`)."""

from __future__ import annotations

from gatepost.server.session import Session


async def rewrites_locally(session: Session) -> bool:
    """Whether the client's messages get our domain appended, as mail made on this machine does.

    The elements are tried in order. Raises LookupFailed.
    """
    words = iter(session.settings.local_header_rewrite_clients)
    for word in words:
        match str(word):
            case "permit_inet_interfaces":
                # the host at the other end, whoever XCLIENT says that it speaks for
                if session.connection.address("peername")[0] in session.snapshot.own.interfaces:
                    return True
            case "permit_mynetworks":
                if await session.matches(
                    session.snapshot.lists.mynetworks, name=session.peer.name, address=session.peer.address
                ):
                    return True
            case "permit_sasl_authenticated":
                if session.login is not None:
                    return True
            case "permit_tls_all_clientcerts" | "permit_tls_clientcerts" as element:
                if await _by_certificate(session, every=element == "permit_tls_all_clientcerts"):
                    return True
            case "check_address_map":
                if await session.oracle().lookup(str(next(words, "")), session.peer.address) is not None:
                    return True
            case table if ":" in table:
                if await session.oracle().lookup(table, session.peer.address) is not None:
                    return True
    return False


async def _by_certificate(session: Session, *, every: bool) -> bool:
    certificate = session.tls.certificate if session.tls else None
    if certificate is None:
        return False
    if every:
        return certificate.trusted
    for table in session.settings.relay_clientcerts:
        for key in (certificate.fingerprint, certificate.pubkey_fingerprint):
            if await session.oracle().lookup(table, key) is not None:
                return True
    return False
