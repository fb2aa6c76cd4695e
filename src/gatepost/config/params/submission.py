"""Local submission, ETRN, VERP and QMQP."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, domains, duration, hosts, strings, tables, text


class SubmissionParameters:
    """Local submission, ETRN, VERP and QMQP."""

    authorized_flush_users = strings("static:anyone", support=GUARDING, doc="")
    default_verp_delimiters = text("+=", support=NOTED, doc="")
    disable_verp_bounces = boolean("no", support=NOTED, doc="")
    empty_address_local_login_sender_maps_lookup_key = text("<>", support=NOTED, doc="")
    fast_flush_domains = domains("$relay_domains", support=NOTED, doc="")
    fast_flush_purge_time = duration("7d", support=NOTED, doc="")
    fast_flush_refresh_time = duration("12h", support=NOTED, doc="")
    flush_service_name = text("flush", support=NOTED, doc="")
    local_login_sender_maps = tables("static:*", support=GUARDING, doc="")
    qmqpd_authorized_clients = hosts("", support=GUARDING, doc="")
    qmqpd_client_port_logging = boolean("no", support=NOTED, doc="")
    qmqpd_error_delay = duration("1s", support=NOTED, doc="")
    qmqpd_timeout = duration("300s", support=NOTED, doc="")
    verp_delimiter_filter = text("-=+", support=NOTED, doc="")
