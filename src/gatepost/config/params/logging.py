"""Where and how events are logged."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, hosts, integer, text, words


class LoggingParameters:
    """Where and how events are logged."""

    debug_peer_level = integer("2", support=NOTED, doc="")
    debug_peer_list = hosts("", support=NOTED, doc="")
    delay_logging_resolution_limit = integer("2", doc="")
    info_log_address_format = choice("external", "external", "internal", doc="")
    maillog_file = text("", doc="")
    maillog_file_compressor = text("gzip", support=NOTED, doc="")
    maillog_file_prefixes = words("/var, /dev/stdout", doc="")
    maillog_file_rotate_suffix = text("%Y%m%d-%H%M%S", support=NOTED, doc="")
    postlog_service_name = text("postlog", support=NOTED, doc="")
    postlogd_watchdog_timeout = duration("10s", support=NOTED, doc="")
    respectful_logging = boolean("${{$compatibility_level} <level {3.6} ? {no} : {yes}}", doc="")
    syslog_facility = choice(
        "mail",
        "auth",
        "authpriv",
        "cron",
        "daemon",
        "ftp",
        "kern",
        "lpr",
        "mail",
        "news",
        "syslog",
        "user",
        "uucp",
        "local0",
        "local1",
        "local2",
        "local3",
        "local4",
        "local5",
        "local6",
        "local7",
        doc="",
    )
    syslog_name = text("${multi_instance_name?{$multi_instance_name}:{postfix}}", doc="")
