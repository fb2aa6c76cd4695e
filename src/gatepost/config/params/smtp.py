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

    best_mx_transport = text("", doc="The transport for a domain whose best mail exchanger turns out to be this host.")
    connection_cache_protocol_timeout = duration(
        "5s", support=NOTED, doc="Time-out of requests to the connection cache."
    )
    connection_cache_service_name = text("scache", support=NOTED, doc="The service that keeps connections for reuse.")
    connection_cache_status_update_time = duration(
        "600s", support=NOTED, doc="How often use of the connection cache is logged."
    )
    connection_cache_ttl_limit = duration(
        "2s", support=NOTED, doc="The longest time that a connection is kept for reuse."
    )
    disable_dns_lookups = boolean("no", doc="Deliver without asking DNS; host names come from the hosts file.")
    dns_ncache_ttl_fix_enable = boolean(
        "no", support=NOTED, doc="Work around resolvers that give negative answers a wrong life time."
    )
    dnssec_probe = text("ns:.", support=NOTED, doc="The DNS question that tells whether the resolver validates.")
    ignore_mx_lookup_error = boolean(
        "no", doc="Use a domain's address where its mail exchangers cannot be looked up for now."
    )
    known_tcp_ports = words(
        "lmtp=24, smtp=25, smtps=submissions=465, submission=587",
        doc="Port numbers of service names, asked before the system's list: `smtp=25`.",
    )
    smtp_address_preference = choice(
        "any", "any", "ipv4", "ipv6", doc="Which kind of address is tried first: `ipv4`, `ipv6`, `any`."
    )
    smtp_address_verify_target = choice(
        "rcpt", "rcpt", "data", support=NOTED, doc="The command at which an address probe ends."
    )
    smtp_always_send_ehlo = boolean("yes", doc="Say EHLO whatever the greeting looks like.")
    smtp_balance_inet_protocols = boolean("yes", doc="Try addresses of both kinds where both are there.")
    smtp_bind_address = text("", doc="The IPv4 address that connections come from.")
    smtp_bind_address6 = text("", doc="The IPv6 address that connections come from.")
    smtp_bind_address_enforce = boolean("no", doc="Defer where that address cannot be used.")
    smtp_body_checks = tables("", support=GUARDING, doc="Patterns that bodies of outgoing mail are held against.")
    smtp_cname_overrides_servername = boolean(
        "no", doc="Use a server's true name, not its alias, for passwords, TLS and logs."
    )
    smtp_connect_timeout = duration("30s", doc="Time-out of connecting to a server; 0 is the system's own.")
    smtp_connection_cache_destinations = strings("", doc="Destinations whose connections are kept for reuse.")
    smtp_connection_cache_on_demand = boolean("yes", doc="Keep connections while a destination has much mail.")
    smtp_connection_cache_time_limit = duration("2s", doc="How long an unused connection is kept.")
    smtp_connection_reuse_count_limit = integer("0", doc="How often a connection is used again; 0 is no limit.")
    smtp_connection_reuse_time_limit = duration("300s", doc="How long a connection is used again.")
    smtp_data_done_timeout = duration("600s", doc="Time-out of the reply to the end of the message.")
    smtp_data_init_timeout = duration("120s", doc="Time-out of the reply to DATA.")
    smtp_data_xfer_timeout = duration("180s", doc="Time-out of sending a piece of the message.")
    smtp_defer_if_no_mx_address_found = boolean(
        "no", doc="Defer, rather than bounce, where no mail exchanger has an address."
    )
    smtp_discard_ehlo_keyword_address_maps = tables(
        "", doc="Extensions to pass over in the EHLO reply of single servers."
    )
    smtp_discard_ehlo_keywords = words("", doc="Extensions to pass over in every EHLO reply.")
    smtp_dns_reply_filter = tables("", doc="Patterns that change or drop DNS answers.")
    smtp_dns_resolver_options = words("", support=NOTED, doc="Options of DNS lookups: res_defnames, res_dnsrch.")
    smtp_dns_support_level = choice(
        "", "", "disabled", "enabled", "dnssec", doc="How far DNS is used: disabled, enabled, dnssec."
    )
    smtp_fallback_relay = words("$fallback_relay", doc="Where mail goes whose destination cannot be found or reached.")
    smtp_generic_maps = tables("", support=GUARDING, doc="Tables that rewrite addresses in mail that leaves the host.")
    smtp_header_checks = tables("", support=GUARDING, doc="Patterns that headers of outgoing mail are held against.")
    smtp_helo_name = text("$myhostname", doc="The name to say in EHLO and HELO.")
    smtp_helo_timeout = duration("300s", doc="Time-out of the greeting and of the reply to EHLO.")
    smtp_host_lookup = words("dns", doc="How host names are looked up: `dns`, `native` (the system's way), or both.")
    smtp_line_length_limit = size("998", doc="Length at which lines are broken on the way out; 0 is no limit.")
    smtp_mail_timeout = duration("300s", doc="Time-out of the reply to MAIL.")
    smtp_mime_header_checks = tables(
        "", support=GUARDING, doc="Patterns that MIME headers of outgoing mail are held against."
    )
    smtp_min_data_rate = size("500", doc="Bytes a second that count as progress under `smtp_per_request_deadline`.")
    smtp_mx_address_limit = integer("5", doc="Addresses of a destination that are tried; 0 is no limit.")
    smtp_mx_session_limit = integer("2", doc="Sessions that one delivery may try; 0 is no limit.")
    smtp_nested_header_checks = tables(
        "", support=GUARDING, doc="Patterns that headers of attached messages in outgoing mail are held against."
    )
    smtp_never_send_ehlo = boolean("no", doc="Say HELO only.")
    smtp_per_request_deadline = boolean(
        "${smtp_per_record_deadline?{$smtp_per_record_deadline}:{no}}",
        doc="Make time-outs count for a whole request, not for each read and write.",
    )
    smtp_pix_workaround_delay_time = duration("10s", doc="How long such a firewall's faults are waited for.")
    smtp_pix_workaround_maps = tables("", doc="Workarounds for single servers behind old PIX firewalls.")
    smtp_pix_workaround_threshold_time = duration("500s", doc="Age of a message from which the delay is applied.")
    smtp_pix_workarounds = words("disable_esmtp,delay_dotcrlf", doc="Workarounds for servers behind old PIX firewalls.")
    smtp_quit_timeout = duration("300s", doc="Time-out of the reply to QUIT.")
    smtp_quote_rfc821_envelope = boolean(
        "yes", support=NOTED, doc="Quote addresses in MAIL and RCPT as the standard says."
    )
    smtp_randomize_addresses = boolean("yes", doc="Try addresses of equal preference in random order.")
    smtp_rcpt_timeout = duration("300s", doc="Time-out of the reply to RCPT.")
    smtp_reply_filter = tables("", doc="Patterns that change servers' replies.")
    smtp_rset_timeout = duration("20s", doc="Time-out of the reply to RSET.")
    smtp_send_xforward_command = boolean("no", doc="Tell the server about the original client by XFORWARD.")
    smtp_sender_dependent_authentication = boolean("no", doc="Look up passwords by sender first.")
    smtp_skip_5xx_greeting = boolean("yes", doc="Go on to the next server after a 5xx greeting, rather than bounce.")
    smtp_skip_quit_response = boolean("yes", doc="Do not wait for the reply to QUIT.")
    smtp_tcp_port = text("smtp", doc="The port of servers, where none is given.")
    smtp_xforward_timeout = duration("300s", doc="Time-out of the reply to XFORWARD.")
