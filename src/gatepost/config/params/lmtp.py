"""Delivery by LMTP. Most of these mirror those of the SMTP client."""

from __future__ import annotations

from gatepost.config.param import (
    GUARDING,
    NOTED,
    boolean,
    choice,
    duration,
    integer,
    size,
    strings,
    tables,
    text,
    words,
)


class LmtpParameters:
    """Delivery by LMTP. Most of these mirror those of the SMTP client."""

    lmtp_address_preference = choice("any", "any", "ipv4", "ipv6", doc="Like `smtp_address_preference`, for LMTP.")
    lmtp_address_verify_target = choice(
        "rcpt", "rcpt", "data", support=NOTED, doc="Like `smtp_address_verify_target`, for LMTP."
    )
    lmtp_assume_final = boolean(
        "no", doc="Report mail that LMTP took as delivered, even where the server cannot send reports."
    )
    lmtp_balance_inet_protocols = boolean("yes", doc="Like `smtp_balance_inet_protocols`, for LMTP.")
    lmtp_bind_address = text("", doc="Like `smtp_bind_address`, for LMTP.")
    lmtp_bind_address6 = text("", doc="Like `smtp_bind_address6`, for LMTP.")
    lmtp_bind_address_enforce = boolean("no", doc="Like `smtp_bind_address_enforce`, for LMTP.")
    lmtp_body_checks = tables("", support=GUARDING, doc="Like `smtp_body_checks`, for LMTP.")
    lmtp_cname_overrides_servername = boolean("no", doc="Like `smtp_cname_overrides_servername`, for LMTP.")
    lmtp_connect_timeout = duration("0s", doc="Like `smtp_connect_timeout`, for LMTP.")
    lmtp_connection_cache_destinations = strings("", doc="Like `smtp_connection_cache_destinations`, for LMTP.")
    lmtp_connection_cache_on_demand = boolean("yes", doc="Like `smtp_connection_cache_on_demand`, for LMTP.")
    lmtp_connection_cache_time_limit = duration("2s", doc="Like `smtp_connection_cache_time_limit`, for LMTP.")
    lmtp_connection_reuse_count_limit = integer("0", doc="Like `smtp_connection_reuse_count_limit`, for LMTP.")
    lmtp_connection_reuse_time_limit = duration("300s", doc="Like `smtp_connection_reuse_time_limit`, for LMTP.")
    lmtp_data_done_timeout = duration("600s", doc="Like `smtp_data_done_timeout`, for LMTP.")
    lmtp_data_init_timeout = duration("120s", doc="Like `smtp_data_init_timeout`, for LMTP.")
    lmtp_data_xfer_timeout = duration("180s", doc="Like `smtp_data_xfer_timeout`, for LMTP.")
    lmtp_defer_if_no_mx_address_found = boolean(
        "no", support=NOTED, doc="Like `smtp_defer_if_no_mx_address_found`, for LMTP."
    )
    lmtp_delivery_status_filter = tables(
        "$default_delivery_status_filter", doc="Like `smtp_delivery_status_filter`, for LMTP."
    )
    lmtp_destination_concurrency_limit = integer(
        "$default_destination_concurrency_limit", doc="Like `smtp_destination_concurrency_limit`, for LMTP."
    )
    lmtp_destination_recipient_limit = integer(
        "$default_destination_recipient_limit", doc="Like `smtp_destination_recipient_limit`, for LMTP."
    )
    lmtp_discard_lhlo_keyword_address_maps = tables("", doc="Like `smtp_discard_ehlo_keyword_address_maps`, for LMTP.")
    lmtp_discard_lhlo_keywords = words("", doc="Like `smtp_discard_ehlo_keywords`, for LMTP.")
    lmtp_dns_reply_filter = tables("", doc="Like `smtp_dns_reply_filter`, for LMTP.")
    lmtp_dns_resolver_options = words("", support=NOTED, doc="Like `smtp_dns_resolver_options`, for LMTP.")
    lmtp_dns_support_level = choice(
        "", "", "disabled", "enabled", "dnssec", doc="Like `smtp_dns_support_level`, for LMTP."
    )
    lmtp_enforce_tls = boolean("no", doc="Like `smtp_enforce_tls`, for LMTP.")
    lmtp_fallback_relay = words("", doc="Like `smtp_fallback_relay`, for LMTP.")
    lmtp_generic_maps = tables("", support=GUARDING, doc="Like `smtp_generic_maps`, for LMTP.")
    lmtp_header_checks = tables("", support=GUARDING, doc="Like `smtp_header_checks`, for LMTP.")
    lmtp_host_lookup = words("dns", doc="Like `smtp_host_lookup`, for LMTP.")
    lmtp_lhlo_name = text("$myhostname", doc="Like `smtp_helo_name`, for LMTP.")
    lmtp_lhlo_timeout = duration("300s", doc="Like `smtp_helo_timeout`, for LMTP.")
    lmtp_line_length_limit = size("998", doc="Like `smtp_line_length_limit`, for LMTP.")
    lmtp_mail_timeout = duration("300s", doc="Like `smtp_mail_timeout`, for LMTP.")
    lmtp_mime_header_checks = tables("", support=GUARDING, doc="Like `smtp_mime_header_checks`, for LMTP.")
    lmtp_min_data_rate = size("500", doc="Like `smtp_min_data_rate`, for LMTP.")
    lmtp_mx_address_limit = integer("5", doc="Like `smtp_mx_address_limit`, for LMTP.")
    lmtp_mx_session_limit = integer("2", doc="Like `smtp_mx_session_limit`, for LMTP.")
    lmtp_nested_header_checks = tables("", support=GUARDING, doc="Like `smtp_nested_header_checks`, for LMTP.")
    lmtp_per_request_deadline = boolean(
        "${lmtp_per_record_deadline?{$lmtp_per_record_deadline}:{no}}",
        doc="Like `smtp_per_request_deadline`, for LMTP.",
    )
    lmtp_pix_workaround_delay_time = duration("10s", doc="Like `smtp_pix_workaround_delay_time`, for LMTP.")
    lmtp_pix_workaround_maps = tables("", doc="Like `smtp_pix_workaround_maps`, for LMTP.")
    lmtp_pix_workaround_threshold_time = duration("500s", doc="Like `smtp_pix_workaround_threshold_time`, for LMTP.")
    lmtp_pix_workarounds = words("disable_esmtp,delay_dotcrlf", doc="Like `smtp_pix_workarounds`, for LMTP.")
    lmtp_quit_timeout = duration("300s", doc="Like `smtp_quit_timeout`, for LMTP.")
    lmtp_quote_rfc821_envelope = boolean("yes", support=NOTED, doc="Like `smtp_quote_rfc821_envelope`, for LMTP.")
    lmtp_randomize_addresses = boolean("yes", doc="Like `smtp_randomize_addresses`, for LMTP.")
    lmtp_rcpt_timeout = duration("300s", doc="Like `smtp_rcpt_timeout`, for LMTP.")
    lmtp_reply_filter = tables("", doc="Like `smtp_reply_filter`, for LMTP.")
    lmtp_rset_timeout = duration("20s", doc="Like `smtp_rset_timeout`, for LMTP.")
    lmtp_sasl_auth_cache_name = tables("", doc="Like `smtp_sasl_auth_cache_name`, for LMTP.")
    lmtp_sasl_auth_cache_time = duration("90d", doc="Like `smtp_sasl_auth_cache_time`, for LMTP.")
    lmtp_sasl_auth_enable = boolean("no", doc="Like `smtp_sasl_auth_enable`, for LMTP.")
    lmtp_sasl_auth_soft_bounce = boolean("yes", doc="Like `smtp_sasl_auth_soft_bounce`, for LMTP.")
    lmtp_sasl_mechanism_filter = strings("", doc="Like `smtp_sasl_mechanism_filter`, for LMTP.")
    lmtp_sasl_password_maps = tables("", doc="Like `smtp_sasl_password_maps`, for LMTP.")
    lmtp_sasl_path = text("", support=NOTED, doc="Like `smtp_sasl_path`, for LMTP.")
    lmtp_sasl_security_options = words("noplaintext, noanonymous", doc="Like `smtp_sasl_security_options`, for LMTP.")
    lmtp_sasl_tls_security_options = words(
        "$lmtp_sasl_security_options", doc="Like `smtp_sasl_tls_security_options`, for LMTP."
    )
    lmtp_sasl_tls_verified_security_options = words(
        "$lmtp_sasl_tls_security_options",
        doc="Like `smtp_sasl_tls_verified_security_options`, for LMTP.",
    )
    lmtp_sasl_type = text("cyrus", support=NOTED, doc="Like `smtp_sasl_type`, for LMTP.")
    lmtp_send_dummy_mail_auth = boolean("no", doc="Like `smtp_send_dummy_mail_auth`, for LMTP.")
    lmtp_send_xforward_command = boolean("no", doc="Like `smtp_send_xforward_command`, for LMTP.")
    lmtp_sender_dependent_authentication = boolean(
        "no", support=GUARDING, doc="Like `smtp_sender_dependent_authentication`, for LMTP."
    )
    lmtp_skip_5xx_greeting = boolean("yes", doc="Like `smtp_skip_5xx_greeting`, for LMTP.")
    lmtp_skip_quit_response = boolean("no", doc="Like `smtp_skip_quit_response`, for LMTP.")
    lmtp_starttls_timeout = duration("300s", doc="Like `smtp_starttls_timeout`, for LMTP.")
    lmtp_tcp_port = text("24", doc="Like `smtp_tcp_port`, for LMTP.")
    lmtp_tls_CAfile = text("", doc="Like `smtp_tls_CAfile`, for LMTP.")
    lmtp_tls_CApath = text("", doc="Like `smtp_tls_CApath`, for LMTP.")
    lmtp_tls_block_early_mail_reply = boolean(
        "no", support=NOTED, doc="Like `smtp_tls_block_early_mail_reply`, for LMTP."
    )
    lmtp_tls_cert_file = text("", doc="Like `smtp_tls_cert_file`, for LMTP.")
    lmtp_tls_chain_files = words("", doc="Like `smtp_tls_chain_files`, for LMTP.")
    lmtp_tls_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="Like `smtp_tls_ciphers`, for LMTP."
    )
    lmtp_tls_connection_reuse = boolean("no", support=NOTED, doc="Like `smtp_tls_connection_reuse`, for LMTP.")
    lmtp_tls_dcert_file = text("", support=NOTED, doc="Like `smtp_tls_dcert_file`, for LMTP.")
    lmtp_tls_dkey_file = text("$lmtp_tls_dcert_file", support=NOTED, doc="Like `smtp_tls_dkey_file`, for LMTP.")
    lmtp_tls_eccert_file = text("", doc="Like `smtp_tls_eccert_file`, for LMTP.")
    lmtp_tls_eckey_file = text("$lmtp_tls_eccert_file", doc="Like `smtp_tls_eckey_file`, for LMTP.")
    lmtp_tls_enforce_peername = boolean("yes", doc="Like `smtp_tls_enforce_peername`, for LMTP.")
    lmtp_tls_exclude_ciphers = words("", doc="Like `smtp_tls_exclude_ciphers`, for LMTP.")
    lmtp_tls_fingerprint_cert_match = words("", doc="Like `smtp_tls_fingerprint_cert_match`, for LMTP.")
    lmtp_tls_fingerprint_digest = text(
        "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}",
        doc="Like `smtp_tls_fingerprint_digest`, for LMTP.",
    )
    lmtp_tls_force_insecure_host_tlsa_lookup = boolean(
        "no", doc="Like `smtp_tls_force_insecure_host_tlsa_lookup`, for LMTP."
    )
    lmtp_tls_key_file = text("$lmtp_tls_cert_file", doc="Like `smtp_tls_key_file`, for LMTP.")
    lmtp_tls_loglevel = integer("0", maximum=4, doc="Like `smtp_tls_loglevel`, for LMTP.")
    lmtp_tls_mandatory_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="Like `smtp_tls_mandatory_ciphers`, for LMTP."
    )
    lmtp_tls_mandatory_exclude_ciphers = words("", doc="Like `smtp_tls_mandatory_exclude_ciphers`, for LMTP.")
    lmtp_tls_mandatory_protocols = words(">=TLSv1", doc="Like `smtp_tls_mandatory_protocols`, for LMTP.")
    lmtp_tls_note_starttls_offer = boolean("no", doc="Like `smtp_tls_note_starttls_offer`, for LMTP.")
    lmtp_tls_per_site = tables("", doc="Like `smtp_tls_per_site`, for LMTP.")
    lmtp_tls_policy_maps = tables("", doc="Like `smtp_tls_policy_maps`, for LMTP.")
    lmtp_tls_protocols = words(">=TLSv1", doc="Like `smtp_tls_protocols`, for LMTP.")
    lmtp_tls_scert_verifydepth = integer("9", doc="Like `smtp_tls_scert_verifydepth`, for LMTP.")
    lmtp_tls_secure_cert_match = words("nexthop", doc="Like `smtp_tls_secure_cert_match`, for LMTP.")
    lmtp_tls_security_level = choice(
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
        doc="Like `smtp_tls_security_level`, for LMTP.",
    )
    lmtp_tls_servername = text("", doc="Like `smtp_tls_servername`, for LMTP.")
    lmtp_tls_session_cache_database = tables("", doc="Like `smtp_tls_session_cache_database`, for LMTP.")
    lmtp_tls_session_cache_timeout = duration("3600s", doc="Like `smtp_tls_session_cache_timeout`, for LMTP.")
    lmtp_tls_trust_anchor_file = words("", doc="Like `smtp_tls_trust_anchor_file`, for LMTP.")
    lmtp_tls_verify_cert_match = words("hostname", doc="Like `smtp_tls_verify_cert_match`, for LMTP.")
    lmtp_tls_wrappermode = boolean("no", doc="Like `smtp_tls_wrappermode`, for LMTP.")
    lmtp_use_tls = boolean("no", doc="Like `smtp_use_tls`, for LMTP.")
    lmtp_xforward_timeout = duration("300s", doc="Like `smtp_xforward_timeout`, for LMTP.")
