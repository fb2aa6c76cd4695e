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

    disable_vrfy_command = boolean("no", doc="Refuse VRFY.")
    enable_idna2003_compatibility = boolean(
        "no", support=NOTED, doc="Encode international domain names by the older standard."
    )
    header_from_format = choice(
        "standard",
        "standard",
        "obsolete",
        support=NOTED,
        doc="The form of From headers that are made: `standard` is `name <address>`, `obsolete` is `address (name)`.",
    )
    helpful_warnings = boolean("yes", support=NOTED, doc="Warn of settings that are likely to be mistakes.")
    line_length_limit = size("2048", doc="The longest line that is read in one piece; a longer one is broken up.")
    message_size_limit = size("10240000", doc="The largest size of a message, envelope included; 0 is no limit.")
    queue_minfree = size(
        "0", doc="Free space below which MAIL is refused; 0 asks for one and a half times `message_size_limit`."
    )
    resolve_null_domain = boolean("no", doc="Take an address with an empty domain for a local one.")
    smtpd_authorized_verp_clients = hosts(
        "$authorized_verp_clients", support=NOTED, doc="Clients that may ask for VERP."
    )
    smtpd_authorized_xclient_hosts = hosts("", doc="Clients that may tell another client's identity by XCLIENT.")
    smtpd_authorized_xforward_hosts = hosts(
        "", support=NOTED, doc="Clients that may tell another client's identity for logs by XFORWARD."
    )
    smtpd_banner = text(
        "$myhostname ESMTP $mail_name", doc="The text of the greeting; it must begin with the host's name."
    )
    smtpd_client_port_logging = boolean("no", doc="Log the port of clients.")
    smtpd_command_filter = tables("", doc="A table that changes commands before they are read.")
    smtpd_delay_open_until_valid_rcpt = boolean(
        "yes", doc="Begin a queue entry with the first recipient that is accepted, not with MAIL."
    )
    smtpd_discard_ehlo_keyword_address_maps = tables("", doc="Extensions that are not announced to single clients.")
    smtpd_discard_ehlo_keywords = words("", doc="Extensions that are not announced.")
    smtpd_error_sleep_time = duration(
        "1s", doc="The pause before the reply to a client with more errors than `smtpd_soft_error_limit`."
    )
    smtpd_forbid_bare_newline = choice(
        "normalize",
        "no",
        "yes",
        "normalize",
        "note",
        "reject",
        doc="What is done with lines that end in LF alone: `no` takes them as ends, `normalize` too but not as the end of a message, `note` logs them besides, `reject` refuses them.",
    )
    smtpd_forbid_bare_newline_exclusions = hosts(
        "$mynetworks", doc="Clients to whom `smtpd_forbid_bare_newline` does not apply."
    )
    smtpd_forbid_unauth_pipelining = boolean("yes", doc="Hang up on clients that send commands before they may.")
    smtpd_forbidden_commands = strings(
        "CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}",
        doc="Commands that end the session at once, because clients that send them do not speak SMTP.",
    )
    smtpd_hard_error_limit = integer("${stress?{1}:{20}}", minimum=1, doc="Errors after which a client is hung up on.")
    smtpd_helo_required = boolean("no", doc="Demand HELO or EHLO before MAIL.")
    smtpd_history_flush_threshold = integer(
        "100", doc="Lines of a session that are remembered for notices to the postmaster."
    )
    smtpd_junk_command_limit = integer(
        "${stress?{1}:{100}}",
        minimum=1,
        doc="Commands without use (NOOP, RSET, VRFY, ETRN) after which they count as errors.",
    )
    smtpd_min_data_rate = size("500", doc="Bytes a second that count as progress under `smtpd_per_request_deadline`.")
    smtpd_noop_commands = strings("", doc="Commands that are answered like NOOP.")
    smtpd_peername_lookup = boolean("yes", doc="Look up the names of clients; without it all are `unknown`.")
    smtpd_per_request_deadline = boolean(
        "${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}",
        doc="Make time-outs count for a whole request, not for each read and write.",
    )
    smtpd_proxy_ehlo = text("$myhostname", support=NOTED, doc="The name to say to the content filter before the queue.")
    smtpd_proxy_filter = text(
        "", support=GUARDING, doc="The content filter through which mail passes before it is queued."
    )
    smtpd_proxy_options = words("", support=NOTED, doc="How that filter is spoken to: `speed_adjust`.")
    smtpd_proxy_timeout = duration("100s", support=NOTED, doc="Time-out of that filter.")
    smtpd_recipient_limit = integer("1000", minimum=1, doc="Recipients that a message may have in one transaction.")
    smtpd_recipient_overshoot_limit = integer("1000", doc="Recipients beyond that limit before they count as errors.")
    smtpd_soft_error_limit = integer("10", doc="Errors after which replies are slowed down.")
    smtpd_timeout = duration(
        "${stress?{10}:{300}}s", doc="Time-out of a client's next command and of sending it a reply."
    )
    smtpd_upstream_proxy_protocol = choice(
        "", "", "haproxy", support=GUARDING, doc="The protocol by which a proxy in front tells the client's address."
    )
    smtpd_upstream_proxy_timeout = duration("5s", support=NOTED, doc="Time-out of that proxy.")
    smtputf8_autodetect_classes = words(
        "sendmail, verify", support=NOTED, doc="Mail whose need of SMTPUTF8 is found out by looking at it."
    )
    smtputf8_enable = boolean(
        "${{$compatibility_level} <level {1} ? {no} : {yes}}", doc="Allow international addresses and headers."
    )
    stress = text("", doc="Not empty while the server is overloaded.")
    strict_rfc821_envelopes = boolean(
        "no", doc="Demand addresses in angle brackets, without comments, in MAIL and RCPT."
    )
    strict_smtputf8 = boolean("no", doc="Demand the SMTPUTF8 parameter wherever an address needs it.")
