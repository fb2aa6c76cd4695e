"""Restrictions about the client: its address, its names, its certificate, its login."""

from __future__ import annotations

from gatepost.mail.peer import UNKNOWN, NameStatus
from gatepost.oracle import LookupFailed
from gatepost.policy import keys
from gatepost.policy.arguments import CertificateTable, Table
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import DUNNO, Outcome, Refusal, Topic, lookup_failure
from gatepost.policy.registry import restriction


@restriction("permit_mynetworks", about=Subject.CLIENT)
async def permit_mynetworks(evaluation: Evaluation) -> Outcome:
    """Permit clients whose address or confirmed name is in `mynetworks`."""
    peer, mynetworks = evaluation.facts.peer, evaluation.program.mynetworks
    try:
        trusted = mynetworks.known(peer.name, peer.address)
        if trusted is None:
            trusted = await mynetworks.matches(evaluation.oracle, name=peer.name, address=peer.address)
    except LookupFailed as failure:
        evaluation.warn(mynetworks.complaint(failure))
        return evaluation.reject(lookup_failure(evaluation.topic.name))
    return await evaluation.permit() if trusted else DUNNO


@restriction("permit_inet_interfaces", about=Subject.CLIENT)
async def permit_inet_interfaces(evaluation: Evaluation) -> Outcome:
    """Permit clients on this machine."""
    if evaluation.facts.peer.address in evaluation.program.own.interfaces:
        return await evaluation.permit()
    return DUNNO


@restriction("permit_sasl_authenticated", about=Subject.CLIENT)
async def permit_sasl_authenticated(evaluation: Evaluation) -> Outcome:
    """Permit clients that have logged in, but not anonymously."""
    if authenticated(evaluation):
        return await evaluation.permit()
    return DUNNO


def authenticated(evaluation: Evaluation) -> bool:
    """Whether the client is somebody. A login that XCLIENT brought counts only where logins are possible."""
    login = evaluation.facts.login
    return login is not None and evaluation.facts.sasl_active and login.method.lower() != "anonymous"


@restriction("permit_tls_clientcerts", about=Subject.CLIENT)
async def permit_tls_clientcerts(evaluation: Evaluation) -> Outcome:
    """Permit clients whose certificate or public key is listed in `relay_clientcerts` by fingerprint."""
    return await _permit_listed_certificate(evaluation)


@restriction("permit_tls_all_clientcerts", about=Subject.CLIENT)
async def permit_tls_all_clientcerts(evaluation: Evaluation) -> Outcome:
    """Permit clients with a certificate from a trusted authority, or one listed in `relay_clientcerts`."""
    tls = evaluation.facts.tls
    if tls is not None and tls.certificate is not None and tls.certificate.trusted:
        return await evaluation.permit()
    return await _permit_listed_certificate(evaluation)


async def _permit_listed_certificate(evaluation: Evaluation) -> Outcome:
    tls = evaluation.facts.tls
    certificate = tls.certificate if tls is not None else None
    if certificate is None:
        if tls is not None and not evaluation.settings.smtpd_tls_ask_ccert:
            name = evaluation.rule.name if evaluation.rule else ""
            evaluation.warn(f'{name} is requested, but "smtpd_tls_ask_ccert = no"')
        return DUNNO
    for fingerprint in (certificate.fingerprint, certificate.pubkey_fingerprint):
        for table in evaluation.settings.relay_clientcerts:
            if await evaluation.oracle.lookup(table, fingerprint) is not None:
                return await evaluation.permit()
    return DUNNO


@restriction("reject_unknown_client_hostname", "reject_unknown_client", about=Subject.CLIENT)
async def reject_unknown_client_hostname(evaluation: Evaluation) -> Outcome:
    """Refuse clients whose address has no name, or one that leads elsewhere."""
    peer = evaluation.facts.peer
    why = f"Client host rejected: cannot find your hostname, [{peer.address}]"
    return _refuse_nameless(evaluation, peer.name, peer.name_status, ("4.7.25", why))


@restriction("reject_unknown_reverse_client_hostname", about=Subject.CLIENT)
async def reject_unknown_reverse_client_hostname(evaluation: Evaluation) -> Outcome:
    """Refuse clients whose address has no name at all."""
    peer = evaluation.facts.peer
    why = f"Client host rejected: cannot find your reverse hostname, [{peer.address}]"
    return _refuse_nameless(evaluation, peer.reverse_name, peer.reverse_status, ("4.7.1", why))


def _refuse_nameless(evaluation: Evaluation, name: str, status: NameStatus, reply: tuple[str, str]) -> Outcome:
    if name.lower() != UNKNOWN:
        return DUNNO
    permanent = status in (NameStatus.PERMANENT, NameStatus.FORGED)
    code = evaluation.settings.unknown_client_reject_code if permanent else 450
    return evaluation.reject(Refusal(code, *reply))


@restriction("check_client_access", about=Subject.CLIENT)
async def check_client_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the client's confirmed name, its parent domains, its address and its networks."""
    peer = evaluation.facts.peer
    found = await keys.check_host(evaluation, table.spec, Subject.CLIENT, name=peer.name, address=peer.address)
    return found or DUNNO


@restriction("check_reverse_client_hostname_access", about=Subject.CLIENT)
async def check_reverse_client_hostname_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the client's unconfirmed name and its address. A permit is an error: anybody can claim a name."""
    peer = evaluation.facts.peer
    topic = Topic(peer.reverse_name, "Unverified Client host")
    found = await keys.check_host(evaluation, table.spec, topic, name=peer.reverse_name, address=peer.address)
    return never_permit(evaluation, found or DUNNO, peer.reverse_name)


def never_permit(evaluation: Evaluation, outcome: Outcome, target: str) -> Outcome:
    """Take a permit for an error, where it would rest on what the client or a stranger's DNS says."""
    if outcome is not Outcome.PERMIT or evaluation.discarded:
        return outcome
    name = evaluation.rule.name if evaluation.rule else ""
    raise evaluation.misconfigured(
        f"restriction {name} returns OK for {target}",
        "this is not allowed for security reasons",
        "use DUNNO instead of OK if you want to make an exception",
    )


@restriction("check_sasl_access")
async def check_sasl_access(evaluation: Evaluation, table: Table) -> Outcome:
    """Look up the login name, whole."""
    if not evaluation.settings.smtpd_sasl_auth_enable:
        evaluation.warn("restriction `check_sasl_access' ignored: no SASL support")
        return DUNNO
    login = evaluation.facts.login
    if login is None or not login.username:
        return DUNNO
    return await keys.check_exact(evaluation, table.spec, Topic(login.username, "SASL login name"), (login.username,))


@restriction("check_ccert_access")
async def check_ccert_access(evaluation: Evaluation, table: CertificateTable) -> Outcome:
    """Look up the fingerprints of the client's certificate and public key."""
    tls = evaluation.facts.tls
    certificate = tls.certificate if tls is not None else None
    if certificate is None:
        if not evaluation.settings.smtpd_tls_ask_ccert:
            evaluation.warn('check_ccert_access is requested, but "smtpd_tls_ask_ccert = no"')
        return DUNNO
    fingerprints = {
        "cert_fingerprint": certificate.fingerprint,
        "pubkey_fingerprint": certificate.pubkey_fingerprint,
    }
    topic = Topic(certificate.subject_cn, "Client certificate")
    wanted = tuple(fingerprints[key] for key in table.search_order)
    return await keys.check_exact(evaluation, table.spec, topic, wanted)
