"""TLS of the SMTP client."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, choice, duration, integer, tables, text, words


class TlsClientParameters:
    """TLS of the SMTP client."""

    smtp_enforce_tls = boolean("no", support=GUARDING, doc="")
    smtp_starttls_timeout = duration("300s", doc="")
    smtp_tls_CAfile = text("", doc="")
    smtp_tls_CApath = text("", doc="")
    smtp_tls_block_early_mail_reply = boolean("no", support=NOTED, doc="")
    smtp_tls_cert_file = text("", doc="")
    smtp_tls_chain_files = words("", doc="")
    smtp_tls_ciphers = choice("medium", "export", "low", "medium", "high", "null", doc="")
    smtp_tls_connection_reuse = boolean("no", support=NOTED, doc="")
    smtp_tls_dane_insecure_mx_policy = choice(
        "${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}",
        "none",
        "may",
        "encrypt",
        "dane",
        support=NOTED,
        doc="",
    )
    smtp_tls_dcert_file = text("", support=NOTED, doc="")
    smtp_tls_dkey_file = text("$smtp_tls_dcert_file", support=NOTED, doc="")
    smtp_tls_eccert_file = text("", support=NOTED, doc="")
    smtp_tls_eckey_file = text("$smtp_tls_eccert_file", support=NOTED, doc="")
    smtp_tls_enforce_peername = boolean("yes", support=NOTED, doc="")
    smtp_tls_exclude_ciphers = words("", doc="")
    smtp_tls_fingerprint_cert_match = words("", support=NOTED, doc="")
    smtp_tls_fingerprint_digest = text(
        "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", support=NOTED, doc=""
    )
    smtp_tls_force_insecure_host_tlsa_lookup = boolean("no", support=NOTED, doc="")
    smtp_tls_key_file = text("$smtp_tls_cert_file", doc="")
    smtp_tls_loglevel = integer("0", maximum=4, doc="")
    smtp_tls_mandatory_ciphers = choice("medium", "export", "low", "medium", "high", "null", doc="")
    smtp_tls_mandatory_exclude_ciphers = words("", doc="")
    smtp_tls_mandatory_protocols = words(">=TLSv1", doc="")
    smtp_tls_note_starttls_offer = boolean("no", doc="")
    smtp_tls_per_site = tables("", support=GUARDING, doc="")
    smtp_tls_policy_maps = tables("", support=GUARDING, doc="")
    smtp_tls_protocols = words(">=TLSv1", doc="")
    smtp_tls_scert_verifydepth = integer("9", support=NOTED, doc="")
    smtp_tls_secure_cert_match = words("nexthop, dot-nexthop", support=NOTED, doc="")
    smtp_tls_security_level = choice(
        "", "", "none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure", doc=""
    )
    smtp_tls_servername = text("", support=NOTED, doc="")
    smtp_tls_session_cache_database = tables("", support=NOTED, doc="")
    smtp_tls_session_cache_timeout = duration("3600s", support=NOTED, doc="")
    smtp_tls_trust_anchor_file = words("", support=NOTED, doc="")
    smtp_tls_verify_cert_match = words("hostname", support=NOTED, doc="")
    smtp_tls_wrappermode = boolean("no", doc="")
    smtp_use_tls = boolean("no", doc="")
