"""What one client may use of the server."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, duration, hosts, integer


class LimitsParameters:
    """What one client may use of the server."""

    anvil_rate_time_unit = duration("60s", support=NOTED, doc="")
    anvil_status_update_time = duration("600s", support=NOTED, doc="")
    smtpd_client_auth_rate_limit = integer("0", support=GUARDING, doc="")
    smtpd_client_connection_count_limit = integer("50", doc="")
    smtpd_client_connection_rate_limit = integer("0", support=GUARDING, doc="")
    smtpd_client_event_limit_exceptions = hosts("${smtpd_client_connection_limit_exceptions:$mynetworks}", doc="")
    smtpd_client_message_rate_limit = integer("0", support=GUARDING, doc="")
    smtpd_client_new_tls_session_rate_limit = integer("0", support=GUARDING, doc="")
    smtpd_client_recipient_rate_limit = integer("0", support=GUARDING, doc="")
