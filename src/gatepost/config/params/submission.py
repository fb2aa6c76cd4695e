"""Local submission, ETRN, VERP and QMQP."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, domains, duration, hosts, strings, tables, text


class SubmissionParameters:
    """Local submission, ETRN, VERP and QMQP."""

    authorized_flush_users = strings("static:anyone", support=GUARDING, doc="Local users who may flush the queue.")
    default_verp_delimiters = text("+=", support=NOTED, doc="Characters around the recipient in a VERP sender.")
    disable_verp_bounces = boolean(
        "no", support=NOTED, doc="Send one bounce for all recipients of a VERP message, not one for each."
    )
    empty_address_local_login_sender_maps_lookup_key = text(
        "<>", support=NOTED, doc="What the null sender is looked up as in `local_login_sender_maps`."
    )
    fast_flush_domains = domains("$relay_domains", doc="Domains whose mail can be asked for by ETRN.")
    fast_flush_purge_time = duration("7d", support=NOTED, doc="How long a list of messages for ETRN lives.")
    fast_flush_refresh_time = duration(
        "12h", support=NOTED, doc="How long such a list goes unused before its messages are tried anew."
    )
    flush_service_name = text("flush", support=NOTED, doc="The service that knows which messages ETRN asks for.")
    local_login_sender_maps = tables(
        "static:*", support=GUARDING, doc="Senders that a local user may use with the sendmail command."
    )
    qmqpd_authorized_clients = hosts("", support=GUARDING, doc="Clients that may speak QMQP.")
    qmqpd_client_port_logging = boolean("no", support=NOTED, doc="Log the port of QMQP clients.")
    qmqpd_error_delay = duration("1s", support=NOTED, doc="How long QMQP clients wait after an error.")
    qmqpd_timeout = duration("300s", support=NOTED, doc="Time-out of QMQP clients.")
    verp_delimiter_filter = text("-=+", support=NOTED, doc="Characters that may be VERP delimiters.")
