"""Where and how events are logged."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, hosts, integer, text, words


class LoggingParameters:
    """Where and how events are logged."""

    debug_peer_level = integer("2", support=NOTED, doc="How much more is logged about peers in `debug_peer_list`.")
    debug_peer_list = hosts("", support=NOTED, doc="Peers about whom more is logged.")
    delay_logging_resolution_limit = integer("2", doc="Digits behind the point in logged delays.")
    info_log_address_format = choice(
        "external",
        "external",
        "internal",
        support=NOTED,
        doc="How addresses are logged: quoted as on the wire (`external`), or not (`internal`).",
    )
    maillog_file = text(
        "", doc="The file that log lines go to, instead of syslog; `/dev/stdout` is the standard output."
    )
    maillog_file_compressor = text("gzip", support=NOTED, doc="The command that packs an old log file.")
    maillog_file_prefixes = words("/var, /dev/stdout", doc="Where `maillog_file` may be.")
    maillog_file_rotate_suffix = text(
        "%Y%m%d-%H%M%S", support=NOTED, doc="What is put behind the name of an old log file."
    )
    postlog_service_name = text("postlog", support=NOTED, doc="The service that writes `maillog_file`.")
    postlogd_watchdog_timeout = duration("10s", support=NOTED, doc="How long that service may hang.")
    respectful_logging = boolean(
        "${{$compatibility_level} <level {3.6} ? {no} : {yes}}",
        support=NOTED,
        doc="Use `allowlist` and `denylist` in logs.",
    )
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
        doc="The facility of log lines.",
    )
    syslog_name = text(
        "${multi_instance_name?{$multi_instance_name}:{postfix}}", doc="What stands before `/process` in log lines."
    )
