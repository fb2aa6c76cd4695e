"""TLS of the SMTP client."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, integer, tables, text, words


class TlsClientParameters:
    """TLS of the SMTP client."""

    smtp_enforce_tls = boolean("no", doc="Demand TLS of every server (now `smtp_tls_security_level = encrypt`).")
    smtp_starttls_timeout = duration("300s", doc="Time-out of each step of the TLS handshake.")
    smtp_tls_CAfile = text("", doc="File of certificate authorities that vouch for servers.")
    smtp_tls_CApath = text("", doc="Directory of such authorities.")
    smtp_tls_block_early_mail_reply = boolean(
        "no", support=NOTED, doc="Watch for servers that answer before they are asked, as a sign of injected plaintext."
    )
    smtp_tls_cert_file = text("", doc="The client's RSA certificate.")
    smtp_tls_chain_files = words("", doc="Files with keys and certificate chains of the client, for any kind of key.")
    smtp_tls_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="The weakest cipher grade of optional TLS."
    )
    smtp_tls_connection_reuse = boolean("no", support=NOTED, doc="Use TLS connections again.")
    smtp_tls_dane_insecure_mx_policy = choice(
        "${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}",
        "none",
        "may",
        "encrypt",
        "dane",
        doc="The level where MX records are not signed but TLSA records are.",
    )
    smtp_tls_dcert_file = text("", support=NOTED, doc="The client's DSA certificate.")
    smtp_tls_dkey_file = text("$smtp_tls_dcert_file", support=NOTED, doc="The key of `smtp_tls_dcert_file`.")
    smtp_tls_eccert_file = text("", doc="The client's ECDSA certificate.")
    smtp_tls_eckey_file = text("$smtp_tls_eccert_file", doc="The key of `smtp_tls_eccert_file`.")
    smtp_tls_enforce_peername = boolean(
        "yes", doc="With `smtp_enforce_tls`, demand that the certificate names the server."
    )
    smtp_tls_exclude_ciphers = words("", doc="Ciphers that are never used.")
    smtp_tls_fingerprint_cert_match = words("", doc="Fingerprints of servers for level `fingerprint`.")
    smtp_tls_fingerprint_digest = text(
        "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", doc="The digest of fingerprints."
    )
    smtp_tls_force_insecure_host_tlsa_lookup = boolean("no", doc="Look for TLSA records of unsigned host names too.")
    smtp_tls_key_file = text("$smtp_tls_cert_file", doc="The key of `smtp_tls_cert_file`.")
    smtp_tls_loglevel = integer(
        "0", maximum=4, doc="What is logged of TLS: 0 nothing, 1 a summary, 2 and 3 the handshake."
    )
    smtp_tls_mandatory_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="The weakest cipher grade of mandatory TLS."
    )
    smtp_tls_mandatory_exclude_ciphers = words("", doc="Ciphers that are never used with mandatory TLS.")
    smtp_tls_mandatory_protocols = words(">=TLSv1", doc="TLS versions of mandatory TLS: `>=TLSv1.2`, `!SSLv3`.")
    smtp_tls_note_starttls_offer = boolean("no", doc="Log servers that offer TLS which is not used.")
    smtp_tls_per_site = tables("", doc="TLS use for single sites (now `smtp_tls_policy_maps`).")
    smtp_tls_policy_maps = tables("", doc="TLS level and its details for single destinations.")
    smtp_tls_protocols = words(">=TLSv1", doc="TLS versions of optional TLS.")
    smtp_tls_scert_verifydepth = integer("9", doc="The longest chain of a server's certificate.")
    smtp_tls_secure_cert_match = words("nexthop, dot-nexthop", doc="What the certificate must name at level `secure`.")
    smtp_tls_security_level = choice(
        "",
        "",
        "none",
        "may",
        "encrypt",
        "dane",
        "dane-only",
        "fingerprint",
        "verify",
        "secure",
        doc="Use of TLS: none, may, encrypt, dane, verify, secure, ... Empty leaves it to `smtp_use_tls`.",
    )
    smtp_tls_servername = text("", doc="The name to send to servers (SNI).")
    smtp_tls_session_cache_database = tables("", doc="Where TLS sessions are kept for reuse.")
    smtp_tls_session_cache_timeout = duration("3600s", doc="How long they are kept.")
    smtp_tls_trust_anchor_file = words("", doc="Certificates that vouch for servers instead of the usual authorities.")
    smtp_tls_verify_cert_match = words("hostname", doc="What the certificate must name at level `verify`.")
    smtp_tls_wrappermode = boolean("no", doc="Begin connections with TLS, as on port 465.")
    smtp_use_tls = boolean("no", doc="Use TLS where a server offers it (now `smtp_tls_security_level = may`).")
