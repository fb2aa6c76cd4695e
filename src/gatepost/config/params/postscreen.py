"""The screening of clients before the SMTP server."""

from __future__ import annotations

from gatepost.config.param import (
    GUARDING,
    NOTED,
    boolean,
    choice,
    duration,
    hosts,
    integer,
    restrictions,
    strings,
    tables,
    text,
    words,
)


class PostscreenParameters:
    """The screening of clients before the SMTP server."""

    dnsblog_reply_delay = duration("0s", support=NOTED, doc="Delay of answers of the DNS list service, for tests.")
    dnsblog_service_name = text("dnsblog", support=NOTED, doc="The service that asks DNS lists for postscreen.")
    postscreen_access_list = restrictions(
        "permit_mynetworks", support=GUARDING, doc="Clients that are let through or turned away at once."
    )
    postscreen_allowlist_interfaces = hosts(
        "${postscreen_whitelist_interfaces?{$postscreen_whitelist_interfaces}:{static:all}}",
        support=GUARDING,
        doc="Server addresses at which a client can come to be allowed.",
    )
    postscreen_bare_newline_action = choice(
        "ignore",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients that send a bare newline.",
    )
    postscreen_bare_newline_enable = boolean("no", support=GUARDING, doc="Look for bare newlines.")
    postscreen_bare_newline_ttl = duration(
        "30d", support=GUARDING, doc="How long a client that passed this test is spared it."
    )
    postscreen_cache_cleanup_interval = duration("12h", support=GUARDING, doc="How often old results are swept out.")
    postscreen_cache_map = tables(
        "btree:$data_directory/postscreen_cache", support=GUARDING, doc="Where results are kept."
    )
    postscreen_cache_retention_time = duration("7d", support=GUARDING, doc="How long an expired result is kept.")
    postscreen_client_connection_count_limit = integer(
        "$smtpd_client_connection_count_limit",
        support=GUARDING,
        doc="Like `smtpd_client_connection_count_limit`, for postscreen.",
    )
    postscreen_command_count_limit = integer("20", support=GUARDING, doc="Commands that a session may have.")
    postscreen_command_filter = tables("", support=GUARDING, doc="Like `smtpd_command_filter`, for postscreen.")
    postscreen_command_time_limit = duration(
        "${stress?{10}:{300}}s", support=GUARDING, doc="Like `command_time_limit`, for postscreen."
    )
    postscreen_denylist_action = choice(
        "${postscreen_blacklist_action?{$postscreen_blacklist_action}:{ignore}}",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients that the access list denies.",
    )
    postscreen_disable_vrfy_command = boolean(
        "$disable_vrfy_command", support=GUARDING, doc="Like `disable_vrfy_command`, for postscreen."
    )
    postscreen_discard_ehlo_keyword_address_maps = tables(
        "$smtpd_discard_ehlo_keyword_address_maps",
        support=GUARDING,
        doc="Like `smtpd_discard_ehlo_keyword_address_maps`, for postscreen.",
    )
    postscreen_discard_ehlo_keywords = words(
        "$smtpd_discard_ehlo_keywords", support=GUARDING, doc="Like `smtpd_discard_ehlo_keywords`, for postscreen."
    )
    postscreen_dnsbl_action = choice(
        "ignore",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients above `postscreen_dnsbl_threshold`.",
    )
    postscreen_dnsbl_allowlist_threshold = integer(
        "${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}",
        minimum=-(2**31),
        support=GUARDING,
        doc="Score below which a client is spared further tests.",
    )
    postscreen_dnsbl_max_ttl = duration(
        "${postscreen_dnsbl_ttl?{$postscreen_dnsbl_ttl}:{1}}h",
        support=GUARDING,
        doc="The longest time that a DNS list result counts.",
    )
    postscreen_dnsbl_min_ttl = duration("60s", support=GUARDING, doc="The shortest time that a DNS list result counts.")
    postscreen_dnsbl_reply_map = tables(
        "", support=GUARDING, doc="Names to show for DNS lists whose own names are secret."
    )
    postscreen_dnsbl_sites = words("", support=GUARDING, doc="DNS lists, with filters and weights.")
    postscreen_dnsbl_threshold = integer(
        "1", minimum=-(2**31), support=GUARDING, doc="Score from which a client counts as listed."
    )
    postscreen_dnsbl_timeout = duration("10s", support=GUARDING, doc="Time-out of DNS list lookups.")
    postscreen_enforce_tls = boolean(
        "$smtpd_enforce_tls", support=GUARDING, doc="Like `smtpd_enforce_tls`, for postscreen."
    )
    postscreen_expansion_filter = text(
        "$smtpd_expansion_filter", raw=True, support=GUARDING, doc="Like `smtpd_expansion_filter`, for postscreen."
    )
    postscreen_forbidden_commands = strings(
        "$smtpd_forbidden_commands", support=GUARDING, doc="Like `smtpd_forbidden_commands`, for postscreen."
    )
    postscreen_greet_action = choice(
        "ignore",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients that speak before their turn.",
    )
    postscreen_greet_banner = text("$smtpd_banner", support=GUARDING, doc="The text of the teaser before the greeting.")
    postscreen_greet_ttl = duration(
        "1d", support=GUARDING, doc="How long a client that passed the greet test is spared it."
    )
    postscreen_greet_wait = duration(
        "${stress?{2}:{6}}s", support=GUARDING, doc="How long a client has to wait for the greeting."
    )
    postscreen_helo_required = boolean(
        "$smtpd_helo_required", support=GUARDING, doc="Like `smtpd_helo_required`, for postscreen."
    )
    postscreen_non_smtp_command_action = choice(
        "drop",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients that send what is not SMTP.",
    )
    postscreen_non_smtp_command_enable = boolean("no", support=GUARDING, doc="Look for commands that are not SMTP.")
    postscreen_non_smtp_command_ttl = duration(
        "30d", support=GUARDING, doc="How long a client that passed this test is spared it."
    )
    postscreen_pipelining_action = choice(
        "enforce",
        "ignore",
        "enforce",
        "drop",
        support=GUARDING,
        doc="What is done with clients that send commands too early.",
    )
    postscreen_pipelining_enable = boolean("no", support=GUARDING, doc="Look for commands that are sent too early.")
    postscreen_pipelining_ttl = duration(
        "30d", support=GUARDING, doc="How long a client that passed this test is spared it."
    )
    postscreen_post_queue_limit = integer(
        "$default_process_limit", support=GUARDING, doc="Clients that may wait for a server process."
    )
    postscreen_pre_queue_limit = integer(
        "$default_process_limit", support=GUARDING, doc="Clients that may be under test."
    )
    postscreen_reject_footer = text(
        "$smtpd_reject_footer", raw=True, support=GUARDING, doc="Like `smtpd_reject_footer`, for postscreen."
    )
    postscreen_reject_footer_maps = tables(
        "$smtpd_reject_footer_maps", support=GUARDING, doc="Like `smtpd_reject_footer_maps`, for postscreen."
    )
    postscreen_tls_security_level = choice(
        "$smtpd_tls_security_level",
        "",
        "none",
        "may",
        "encrypt",
        support=GUARDING,
        doc="Like `smtpd_tls_security_level`, for postscreen.",
    )
    postscreen_upstream_proxy_protocol = choice(
        "", "", "haproxy", support=GUARDING, doc="Like `smtpd_upstream_proxy_protocol`, for postscreen."
    )
    postscreen_upstream_proxy_timeout = duration(
        "5s", support=GUARDING, doc="Like `smtpd_upstream_proxy_timeout`, for postscreen."
    )
    postscreen_use_tls = boolean("$smtpd_use_tls", support=GUARDING, doc="Like `smtpd_use_tls`, for postscreen.")
    postscreen_watchdog_timeout = duration("10s", support=GUARDING, doc="How long the service may hang.")
    smtpd_service_name = text("smtpd", support=NOTED, doc="The service that postscreen hands clients to.")
