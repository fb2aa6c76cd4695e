"""The TLS proxy of postscreen and of connection reuse."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, integer, tables, text, words


class TlsProxyParameters:
    """The TLS proxy of postscreen and of connection reuse."""

    tlsproxy_client_CAfile = text("$smtp_tls_CAfile", support=NOTED, doc="Like `smtp_tls_CAfile`, for the TLS proxy.")
    tlsproxy_client_CApath = text("$smtp_tls_CApath", support=NOTED, doc="Like `smtp_tls_CApath`, for the TLS proxy.")
    tlsproxy_client_cert_file = text(
        "$smtp_tls_cert_file", support=NOTED, doc="Like `smtp_tls_cert_file`, for the TLS proxy."
    )
    tlsproxy_client_chain_files = words(
        "$smtp_tls_chain_files", support=NOTED, doc="Like `smtp_tls_chain_files`, for the TLS proxy."
    )
    tlsproxy_client_dcert_file = text(
        "$smtp_tls_dcert_file", support=NOTED, doc="Like `smtp_tls_dcert_file`, for the TLS proxy."
    )
    tlsproxy_client_dkey_file = text(
        "$smtp_tls_dkey_file", support=NOTED, doc="Like `smtp_tls_dkey_file`, for the TLS proxy."
    )
    tlsproxy_client_eccert_file = text(
        "$smtp_tls_eccert_file", support=NOTED, doc="Like `smtp_tls_eccert_file`, for the TLS proxy."
    )
    tlsproxy_client_eckey_file = text(
        "$smtp_tls_eckey_file", support=NOTED, doc="Like `smtp_tls_eckey_file`, for the TLS proxy."
    )
    tlsproxy_client_enforce_tls = boolean(
        "$smtp_enforce_tls", support=NOTED, doc="Like `smtp_enforce_tls`, for the TLS proxy."
    )
    tlsproxy_client_fingerprint_digest = text(
        "$smtp_tls_fingerprint_digest", support=NOTED, doc="Like `smtp_tls_fingerprint_digest`, for the TLS proxy."
    )
    tlsproxy_client_key_file = text(
        "$smtp_tls_key_file", support=NOTED, doc="Like `smtp_tls_key_file`, for the TLS proxy."
    )
    tlsproxy_client_loglevel = integer(
        "$smtp_tls_loglevel", maximum=4, support=NOTED, doc="Like `smtp_tls_loglevel`, for the TLS proxy."
    )
    tlsproxy_client_loglevel_parameter = text(
        "smtp_tls_loglevel", support=NOTED, doc="The parameter that the log level comes from."
    )
    tlsproxy_client_per_site = tables(
        "$smtp_tls_per_site", support=NOTED, doc="Like `smtp_tls_per_site`, for the TLS proxy."
    )
    tlsproxy_client_policy_maps = tables(
        "${tlsproxy_client_policy:$smtp_tls_policy_maps}",
        support=NOTED,
        doc="Like `smtp_tls_policy_maps`, for the TLS proxy.",
    )
    tlsproxy_client_scert_verifydepth = integer(
        "$smtp_tls_scert_verifydepth", support=NOTED, doc="Like `smtp_tls_scert_verifydepth`, for the TLS proxy."
    )
    tlsproxy_client_security_level = choice(
        "${tlsproxy_client_level:$smtp_tls_security_level}",
        "",
        "none",
        "may",
        "encrypt",
        "dane",
        "dane-only",
        "fingerprint",
        "verify",
        "secure",
        support=NOTED,
        doc="Like `smtp_tls_security_level`, for the TLS proxy.",
    )
    tlsproxy_client_use_tls = boolean("$smtp_use_tls", support=NOTED, doc="Like `smtp_use_tls`, for the TLS proxy.")
    tlsproxy_enforce_tls = boolean(
        "$smtpd_enforce_tls", support=NOTED, doc="Like `smtpd_enforce_tls`, for the TLS proxy."
    )
    tlsproxy_service_name = text("tlsproxy", support=NOTED, doc="Like `smtpd_service_name`, for the TLS proxy.")
    tlsproxy_tls_CAfile = text("$smtpd_tls_CAfile", support=NOTED, doc="Like `smtpd_tls_CAfile`, for the TLS proxy.")
    tlsproxy_tls_CApath = text("$smtpd_tls_CApath", support=NOTED, doc="Like `smtpd_tls_CApath`, for the TLS proxy.")
    tlsproxy_tls_always_issue_session_ids = boolean(
        "$smtpd_tls_always_issue_session_ids",
        support=NOTED,
        doc="Like `smtpd_tls_always_issue_session_ids`, for the TLS proxy.",
    )
    tlsproxy_tls_ask_ccert = boolean(
        "$smtpd_tls_ask_ccert", support=NOTED, doc="Like `smtpd_tls_ask_ccert`, for the TLS proxy."
    )
    tlsproxy_tls_ccert_verifydepth = integer(
        "$smtpd_tls_ccert_verifydepth", support=NOTED, doc="Like `smtpd_tls_ccert_verifydepth`, for the TLS proxy."
    )
    tlsproxy_tls_cert_file = text(
        "$smtpd_tls_cert_file", support=NOTED, doc="Like `smtpd_tls_cert_file`, for the TLS proxy."
    )
    tlsproxy_tls_chain_files = words(
        "$smtpd_tls_chain_files", support=NOTED, doc="Like `smtpd_tls_chain_files`, for the TLS proxy."
    )
    tlsproxy_tls_ciphers = choice(
        "$smtpd_tls_ciphers",
        "export",
        "low",
        "medium",
        "high",
        "null",
        support=NOTED,
        doc="Like `smtpd_tls_ciphers`, for the TLS proxy.",
    )
    tlsproxy_tls_dcert_file = text(
        "$smtpd_tls_dcert_file", support=NOTED, doc="Like `smtpd_tls_dcert_file`, for the TLS proxy."
    )
    tlsproxy_tls_dh1024_param_file = text(
        "$smtpd_tls_dh1024_param_file", support=NOTED, doc="Like `smtpd_tls_dh1024_param_file`, for the TLS proxy."
    )
    tlsproxy_tls_dh512_param_file = text(
        "$smtpd_tls_dh512_param_file", support=NOTED, doc="Like `smtpd_tls_dh512_param_file`, for the TLS proxy."
    )
    tlsproxy_tls_dkey_file = text(
        "$smtpd_tls_dkey_file", support=NOTED, doc="Like `smtpd_tls_dkey_file`, for the TLS proxy."
    )
    tlsproxy_tls_eccert_file = text(
        "$smtpd_tls_eccert_file", support=NOTED, doc="Like `smtpd_tls_eccert_file`, for the TLS proxy."
    )
    tlsproxy_tls_eckey_file = text(
        "$smtpd_tls_eckey_file", support=NOTED, doc="Like `smtpd_tls_eckey_file`, for the TLS proxy."
    )
    tlsproxy_tls_eecdh_grade = choice(
        "$smtpd_tls_eecdh_grade",
        "none",
        "strong",
        "ultra",
        "auto",
        support=NOTED,
        doc="Like `smtpd_tls_eecdh_grade`, for the TLS proxy.",
    )
    tlsproxy_tls_exclude_ciphers = words(
        "$smtpd_tls_exclude_ciphers", support=NOTED, doc="Like `smtpd_tls_exclude_ciphers`, for the TLS proxy."
    )
    tlsproxy_tls_fingerprint_digest = text(
        "$smtpd_tls_fingerprint_digest", support=NOTED, doc="Like `smtpd_tls_fingerprint_digest`, for the TLS proxy."
    )
    tlsproxy_tls_key_file = text(
        "$smtpd_tls_key_file", support=NOTED, doc="Like `smtpd_tls_key_file`, for the TLS proxy."
    )
    tlsproxy_tls_loglevel = integer(
        "$smtpd_tls_loglevel", maximum=4, support=NOTED, doc="Like `smtpd_tls_loglevel`, for the TLS proxy."
    )
    tlsproxy_tls_mandatory_ciphers = choice(
        "$smtpd_tls_mandatory_ciphers",
        "export",
        "low",
        "medium",
        "high",
        "null",
        support=NOTED,
        doc="Like `smtpd_tls_mandatory_ciphers`, for the TLS proxy.",
    )
    tlsproxy_tls_mandatory_exclude_ciphers = words(
        "$smtpd_tls_mandatory_exclude_ciphers",
        support=NOTED,
        doc="Like `smtpd_tls_mandatory_exclude_ciphers`, for the TLS proxy.",
    )
    tlsproxy_tls_mandatory_protocols = words(
        "$smtpd_tls_mandatory_protocols", support=NOTED, doc="Like `smtpd_tls_mandatory_protocols`, for the TLS proxy."
    )
    tlsproxy_tls_protocols = words(
        "$smtpd_tls_protocols", support=NOTED, doc="Like `smtpd_tls_protocols`, for the TLS proxy."
    )
    tlsproxy_tls_req_ccert = boolean(
        "$smtpd_tls_req_ccert", support=NOTED, doc="Like `smtpd_tls_req_ccert`, for the TLS proxy."
    )
    tlsproxy_tls_security_level = choice(
        "$smtpd_tls_security_level",
        "",
        "none",
        "may",
        "encrypt",
        support=NOTED,
        doc="Like `smtpd_tls_security_level`, for the TLS proxy.",
    )
    tlsproxy_use_tls = boolean("$smtpd_use_tls", support=NOTED, doc="Like `smtpd_use_tls`, for the TLS proxy.")
    tlsproxy_watchdog_timeout = duration("10s", support=NOTED, doc="How long the service may hang.")
