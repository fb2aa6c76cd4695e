"""The dialogue of the SMTP server."""

from __future__ import annotations

from gatepost.config.param import (
    GUARDING,
    NOTED,
    boolean,
    choice,
    duration,
    hosts,
    integer,
    size,
    strings,
    tables,
    text,
    words,
)


class SmtpdParameters:
    """The dialogue of the SMTP server."""

    disable_vrfy_command = boolean("no", doc="")
    enable_idna2003_compatibility = boolean("no", support=NOTED, doc="")
    header_from_format = choice("standard", "standard", "obsolete", support=NOTED, doc="")
    helpful_warnings = boolean("yes", doc="")
    line_length_limit = size("2048", doc="")
    message_size_limit = size("10240000", doc="")
    queue_minfree = size("0", doc="")
    resolve_null_domain = boolean("no", doc="")
    smtpd_authorized_verp_clients = hosts("$authorized_verp_clients", support=NOTED, doc="")
    smtpd_authorized_xclient_hosts = hosts("", doc="")
    smtpd_authorized_xforward_hosts = hosts("", support=NOTED, doc="")
    smtpd_banner = text("$myhostname ESMTP $mail_name", doc="")
    smtpd_client_port_logging = boolean("no", doc="")
    smtpd_command_filter = tables("", support=GUARDING, doc="")
    smtpd_delay_open_until_valid_rcpt = boolean("yes", doc="")
    smtpd_discard_ehlo_keyword_address_maps = tables("", doc="")
    smtpd_discard_ehlo_keywords = words("", doc="")
    smtpd_error_sleep_time = duration("1s", doc="")
    smtpd_forbid_bare_newline = choice("normalize", "no", "yes", "normalize", "reject", doc="")
    smtpd_forbid_bare_newline_exclusions = hosts("$mynetworks", doc="")
    smtpd_forbid_unauth_pipelining = boolean("yes", doc="")
    smtpd_forbidden_commands = strings("CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}", doc="")
    smtpd_hard_error_limit = integer("${stress?{1}:{20}}", minimum=1, doc="")
    smtpd_helo_required = boolean("no", doc="")
    smtpd_history_flush_threshold = integer("100", support=NOTED, doc="")
    smtpd_junk_command_limit = integer("${stress?{1}:{100}}", minimum=1, doc="")
    smtpd_min_data_rate = size("500", doc="")
    smtpd_noop_commands = strings("", doc="")
    smtpd_peername_lookup = boolean("yes", doc="")
    smtpd_per_request_deadline = boolean(
        "${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}", doc=""
    )
    smtpd_proxy_ehlo = text("$myhostname", support=NOTED, doc="")
    smtpd_proxy_filter = text("", support=GUARDING, doc="")
    smtpd_proxy_options = words("", support=NOTED, doc="")
    smtpd_proxy_timeout = duration("100s", support=NOTED, doc="")
    smtpd_recipient_limit = integer("1000", minimum=1, doc="")
    smtpd_recipient_overshoot_limit = integer("1000", doc="")
    smtpd_soft_error_limit = integer("10", doc="")
    smtpd_timeout = duration("${stress?{10}:{300}}s", doc="")
    smtpd_upstream_proxy_protocol = choice("", "", "haproxy", support=GUARDING, doc="")
    smtpd_upstream_proxy_timeout = duration("5s", support=NOTED, doc="")
    smtputf8_autodetect_classes = words("sendmail, verify", support=NOTED, doc="")
    smtputf8_enable = boolean("${{$compatibility_level} <level {1} ? {no} : {yes}}", doc="")
    stress = text("", doc="")
    strict_rfc821_envelopes = boolean("no", doc="")
    strict_smtputf8 = boolean("no", doc="")
