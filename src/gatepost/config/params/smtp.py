"""Delivery by SMTP."""

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


class SmtpParameters:
    """Delivery by SMTP."""

    best_mx_transport = text("", doc="")
    connection_cache_protocol_timeout = duration("5s", support=NOTED, doc="")
    connection_cache_service_name = text("scache", support=NOTED, doc="")
    connection_cache_status_update_time = duration("600s", support=NOTED, doc="")
    connection_cache_ttl_limit = duration("2s", support=NOTED, doc="")
    disable_dns_lookups = boolean("no", doc="")
    dns_ncache_ttl_fix_enable = boolean("no", support=NOTED, doc="")
    dnssec_probe = text("ns:.", support=NOTED, doc="")
    ignore_mx_lookup_error = boolean("no", doc="")
    known_tcp_ports = words("lmtp=24, smtp=25, smtps=submissions=465, submission=587", doc="")
    smtp_address_preference = choice("any", "any", "ipv4", "ipv6", doc="")
    smtp_address_verify_target = choice("rcpt", "rcpt", "data", support=NOTED, doc="")
    smtp_always_send_ehlo = boolean("yes", doc="")
    smtp_balance_inet_protocols = boolean("yes", support=NOTED, doc="")
    smtp_bind_address = text("", doc="")
    smtp_bind_address6 = text("", doc="")
    smtp_bind_address_enforce = boolean("no", support=NOTED, doc="")
    smtp_body_checks = tables("", support=GUARDING, doc="")
    smtp_cname_overrides_servername = boolean("no", support=NOTED, doc="")
    smtp_connect_timeout = duration("30s", doc="")
    smtp_connection_cache_destinations = strings("", support=NOTED, doc="")
    smtp_connection_cache_on_demand = boolean("yes", support=NOTED, doc="")
    smtp_connection_cache_time_limit = duration("2s", support=NOTED, doc="")
    smtp_connection_reuse_count_limit = integer("0", support=NOTED, doc="")
    smtp_connection_reuse_time_limit = duration("300s", support=NOTED, doc="")
    smtp_data_done_timeout = duration("600s", doc="")
    smtp_data_init_timeout = duration("120s", doc="")
    smtp_data_xfer_timeout = duration("180s", doc="")
    smtp_defer_if_no_mx_address_found = boolean("no", doc="")
    smtp_discard_ehlo_keyword_address_maps = tables("", doc="")
    smtp_discard_ehlo_keywords = words("", doc="")
    smtp_dns_reply_filter = tables("", support=GUARDING, doc="")
    smtp_dns_resolver_options = words("", support=NOTED, doc="")
    smtp_dns_support_level = choice("", "", "disabled", "enabled", "dnssec", support=NOTED, doc="")
    smtp_fallback_relay = words("$fallback_relay", doc="")
    smtp_generic_maps = tables("", support=GUARDING, doc="")
    smtp_header_checks = tables("", support=GUARDING, doc="")
    smtp_helo_name = text("$myhostname", doc="")
    smtp_helo_timeout = duration("300s", doc="")
    smtp_host_lookup = words("dns", doc="")
    smtp_line_length_limit = size("998", doc="")
    smtp_mail_timeout = duration("300s", doc="")
    smtp_mime_header_checks = tables("", support=GUARDING, doc="")
    smtp_min_data_rate = size("500", support=NOTED, doc="")
    smtp_mx_address_limit = integer("5", doc="")
    smtp_mx_session_limit = integer("2", doc="")
    smtp_nested_header_checks = tables("", support=GUARDING, doc="")
    smtp_never_send_ehlo = boolean("no", doc="")
    smtp_per_request_deadline = boolean(
        "${smtp_per_record_deadline?{$smtp_per_record_deadline}:{no}}", support=NOTED, doc=""
    )
    smtp_pix_workaround_delay_time = duration("10s", support=NOTED, doc="")
    smtp_pix_workaround_maps = tables("", support=NOTED, doc="")
    smtp_pix_workaround_threshold_time = duration("500s", support=NOTED, doc="")
    smtp_pix_workarounds = words("disable_esmtp,delay_dotcrlf", support=NOTED, doc="")
    smtp_quit_timeout = duration("300s", doc="")
    smtp_quote_rfc821_envelope = boolean("yes", doc="")
    smtp_randomize_addresses = boolean("yes", doc="")
    smtp_rcpt_timeout = duration("300s", doc="")
    smtp_reply_filter = tables("", support=GUARDING, doc="")
    smtp_rset_timeout = duration("20s", doc="")
    smtp_send_xforward_command = boolean("no", support=NOTED, doc="")
    smtp_sender_dependent_authentication = boolean("no", support=NOTED, doc="")
    smtp_skip_5xx_greeting = boolean("yes", doc="")
    smtp_skip_quit_response = boolean("yes", doc="")
    smtp_tcp_port = text("smtp", doc="")
    smtp_xforward_timeout = duration("300s", support=NOTED, doc="")
