"""What one client may use of the server."""

from __future__ import annotations

from gatepost.config.param import NOTED, duration, hosts, integer


class LimitsParameters:
    """What one client may use of the server."""

    anvil_rate_time_unit = duration("60s", doc="The span of time in which rates of a client are counted.")
    anvil_status_update_time = duration("600s", support=NOTED, doc="How often peak rates are logged.")
    smtpd_client_auth_rate_limit = integer(
        "0", doc="Logins that a client may try in `anvil_rate_time_unit`; 0 is no limit."
    )
    smtpd_client_connection_count_limit = integer(
        "50", doc="Connections that a client may have at a time; 0 is no limit."
    )
    smtpd_client_connection_rate_limit = integer(
        "0", doc="Connections that a client may make in `anvil_rate_time_unit`; 0 is no limit."
    )
    smtpd_client_event_limit_exceptions = hosts(
        "${smtpd_client_connection_limit_exceptions:$mynetworks}", doc="Clients to whom these limits do not apply."
    )
    smtpd_client_message_rate_limit = integer(
        "0", doc="Messages that a client may begin in `anvil_rate_time_unit`; 0 is no limit."
    )
    smtpd_client_new_tls_session_rate_limit = integer(
        "0", doc="New TLS sessions that a client may make in `anvil_rate_time_unit`; 0 is no limit."
    )
    smtpd_client_recipient_rate_limit = integer(
        "0", doc="Recipients that a client may name in `anvil_rate_time_unit`; 0 is no limit."
    )
