"""Gatepost's own parameters. Their names begin with `gatepost_`; Postfix passes over them."""

from __future__ import annotations

from gatepost.config.param import boolean, choice, duration, integer, text


class GatepostParameters:
    """Gatepost's own parameters."""

    gatepost_users_file = text(
        "",
        doc="The file of users and password hashes that `gatepost user` keeps. Where it is set, `smtpd_sasl_type` is `gatepost` by default.",
    )
    gatepost_forbid_long_commands = boolean(
        "$smtpd_forbid_unauth_pipelining",
        doc="Refuse command lines above `line_length_limit`, as Postfix 3.12 does; older ones cut them and carry on.",
    )
    gatepost_log_format = choice(
        "text", "text", "json", doc="How log lines are written: Postfix's text, or one JSON object a line."
    )
    gatepost_log_target = choice(
        "stdout",
        "stdout",
        "syslog",
        doc="Where log lines go when `maillog_file` is empty: standard output, or /dev/log.",
    )
    gatepost_mta_sts = boolean(
        "no",
        doc="Follow the MTA-STS policies (RFC 8461) of other domains, where `smtp_tls_security_level` is `may`, `encrypt` or `dane` and no table speaks of the next hop.",
    )
    gatepost_tls_reports = boolean(
        "no", doc="Count the TLS sessions with other domains by day, for `gatepost tlsrpt` (RFC 8460)."
    )
    gatepost_stop_limit = duration("30s", doc="How long a stop waits for messages and deliveries under way.")
    gatepost_worker_limit = duration(
        "30s", doc="How long a worker may not answer before it is killed and replaced; 0 for any time."
    )
    gatepost_workers = integer("0", maximum=1024, doc="Worker processes; 0 makes one for each processor core.")
