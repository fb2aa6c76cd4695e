"""Address verification probes."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, duration, integer, tables, text


class VerificationParameters:
    """Address verification probes."""

    address_verify_cache_cleanup_interval = duration(
        "12h", support=GUARDING, doc="How often old results of address probes are swept out."
    )
    address_verify_default_transport = text(
        "$default_transport", support=GUARDING, doc="Like `default_transport`, for address probes."
    )
    address_verify_local_transport = text(
        "$local_transport", support=GUARDING, doc="Like `local_transport`, for address probes."
    )
    address_verify_map = tables(
        "btree:$data_directory/verify_cache", support=GUARDING, doc="Where results of address probes are kept."
    )
    address_verify_negative_cache = boolean("yes", support=GUARDING, doc="Remember failed address probes too.")
    address_verify_negative_expire_time = duration("3d", support=GUARDING, doc="How long a failed probe counts.")
    address_verify_negative_refresh_time = duration(
        "3h", support=GUARDING, doc="Age at which a failed probe is tried anew."
    )
    address_verify_pending_request_limit = integer(
        "5000", support=GUARDING, doc="Address probes that may be under way at a time."
    )
    address_verify_poll_count = integer(
        "${stress?{1}:{3}}", support=GUARDING, doc="How often a client's command waits for the result of a probe."
    )
    address_verify_poll_delay = duration("3s", support=GUARDING, doc="Time between two looks at the result of a probe.")
    address_verify_positive_expire_time = duration("31d", support=GUARDING, doc="How long a successful probe counts.")
    address_verify_positive_refresh_time = duration(
        "7d", support=GUARDING, doc="Age at which a successful probe is repeated."
    )
    address_verify_relay_transport = text(
        "$relay_transport", support=GUARDING, doc="Like `relay_transport`, for address probes."
    )
    address_verify_relayhost = text("$relayhost", support=GUARDING, doc="Like `relayhost`, for address probes.")
    address_verify_sender = text("$double_bounce_sender", support=GUARDING, doc="The sender of address probes.")
    address_verify_sender_dependent_default_transport_maps = tables(
        "$sender_dependent_default_transport_maps",
        support=GUARDING,
        doc="Like `sender_dependent_default_transport_maps`, for address probes.",
    )
    address_verify_sender_dependent_relayhost_maps = tables(
        "$sender_dependent_relayhost_maps",
        support=GUARDING,
        doc="Like `sender_dependent_relayhost_maps`, for address probes.",
    )
    address_verify_sender_ttl = duration(
        "0s", support=GUARDING, doc="Time after which the probe sender takes another name; 0 keeps one."
    )
    address_verify_service_name = text("verify", support=NOTED, doc="The service that probes addresses.")
    address_verify_transport_maps = tables(
        "$transport_maps", support=GUARDING, doc="Like `transport_maps`, for address probes."
    )
    address_verify_virtual_transport = text(
        "$virtual_transport", support=GUARDING, doc="Like `virtual_transport`, for address probes."
    )
