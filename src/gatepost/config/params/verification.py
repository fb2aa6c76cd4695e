"""Address verification probes."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, duration, integer, tables, text


class VerificationParameters:
    """Address verification probes."""

    address_verify_cache_cleanup_interval = duration("12h", support=GUARDING, doc="")
    address_verify_default_transport = text("$default_transport", support=GUARDING, doc="")
    address_verify_local_transport = text("$local_transport", support=GUARDING, doc="")
    address_verify_map = tables("btree:$data_directory/verify_cache", support=GUARDING, doc="")
    address_verify_negative_cache = boolean("yes", support=GUARDING, doc="")
    address_verify_negative_expire_time = duration("3d", support=GUARDING, doc="")
    address_verify_negative_refresh_time = duration("3h", support=GUARDING, doc="")
    address_verify_pending_request_limit = integer("5000", support=GUARDING, doc="")
    address_verify_poll_count = integer("${stress?{1}:{3}}", support=GUARDING, doc="")
    address_verify_poll_delay = duration("3s", support=GUARDING, doc="")
    address_verify_positive_expire_time = duration("31d", support=GUARDING, doc="")
    address_verify_positive_refresh_time = duration("7d", support=GUARDING, doc="")
    address_verify_relay_transport = text("$relay_transport", support=GUARDING, doc="")
    address_verify_relayhost = text("$relayhost", support=GUARDING, doc="")
    address_verify_sender = text("$double_bounce_sender", support=GUARDING, doc="")
    address_verify_sender_dependent_default_transport_maps = tables(
        "$sender_dependent_default_transport_maps", support=GUARDING, doc=""
    )
    address_verify_sender_dependent_relayhost_maps = tables(
        "$sender_dependent_relayhost_maps", support=GUARDING, doc=""
    )
    address_verify_sender_ttl = duration("0s", support=GUARDING, doc="")
    address_verify_service_name = text("verify", support=NOTED, doc="")
    address_verify_transport_maps = tables("$transport_maps", support=GUARDING, doc="")
    address_verify_virtual_transport = text("$virtual_transport", support=GUARDING, doc="")
