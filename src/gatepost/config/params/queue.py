"""The queue: retries, life times, concurrency."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, duration, integer, text, words


class QueueParameters:
    """The queue: retries, life times, concurrency."""

    default_delivery_slot_cost = integer("5", support=NOTED, doc="")
    default_delivery_slot_discount = integer("50", support=NOTED, doc="")
    default_delivery_slot_loan = integer("3", support=NOTED, doc="")
    default_destination_concurrency_failed_cohort_limit = integer("1", support=NOTED, doc="")
    default_destination_concurrency_limit = integer("20", doc="")
    default_destination_concurrency_negative_feedback = text("1", support=NOTED, doc="")
    default_destination_concurrency_positive_feedback = text("1", support=NOTED, doc="")
    default_destination_rate_delay = duration("0s", support=GUARDING, doc="")
    default_destination_recipient_limit = integer("50", doc="")
    default_extra_recipient_limit = integer("1000", support=NOTED, doc="")
    default_minimum_delivery_slots = integer("3", support=NOTED, doc="")
    default_recipient_limit = integer("20000", support=NOTED, doc="")
    default_recipient_refill_delay = duration("5s", support=NOTED, doc="")
    default_recipient_refill_limit = integer("100", support=NOTED, doc="")
    defer_transports = words("", support=GUARDING, doc="")
    destination_concurrency_feedback_debug = boolean("no", support=NOTED, doc="")
    enable_long_queue_ids = boolean("no", doc="")
    hash_queue_depth = integer("1", support=NOTED, doc="")
    hash_queue_names = words("deferred, defer", support=NOTED, doc="")
    in_flow_delay = duration("1s", support=NOTED, doc="")
    initial_destination_concurrency = integer("5", doc="")
    local_destination_concurrency_limit = integer("2", doc="")
    local_destination_recipient_limit = integer("1", doc="")
    maximal_backoff_time = duration("4000s", doc="")
    maximal_queue_lifetime = duration("5d", doc="")
    minimal_backoff_time = duration("300s", doc="")
    qmgr_clog_warn_time = duration("300s", support=NOTED, doc="")
    qmgr_daemon_timeout = duration("1000s", support=NOTED, doc="")
    qmgr_fudge_factor = integer("100", support=NOTED, doc="")
    qmgr_ipc_timeout = duration("60s", support=NOTED, doc="")
    qmgr_message_active_limit = integer("20000", doc="")
    qmgr_message_recipient_limit = integer("20000", support=NOTED, doc="")
    qmgr_message_recipient_minimum = integer("10", support=NOTED, doc="")
    queue_directory = text("/var/spool/postfix", required=True, doc="")
    queue_file_attribute_count_limit = integer("100", support=NOTED, doc="")
    queue_run_delay = duration("300s", doc="")
    relay_destination_concurrency_limit = integer("$default_destination_concurrency_limit", doc="")
    relay_destination_recipient_limit = integer("$default_destination_recipient_limit", doc="")
    smtp_destination_concurrency_limit = integer("$default_destination_concurrency_limit", doc="")
    smtp_destination_recipient_limit = integer("$default_destination_recipient_limit", doc="")
    virtual_destination_concurrency_limit = integer("$default_destination_concurrency_limit", doc="")
    virtual_destination_recipient_limit = integer("$default_destination_recipient_limit", doc="")
