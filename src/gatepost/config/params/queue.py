"""The queue: retries, life times, concurrency."""

from __future__ import annotations

from gatepost.config.feedback import ConcurrencyFeedback
from gatepost.config.param import NOTED, boolean, duration, integer, text, words


class QueueParameters:
    """The queue: retries, life times, concurrency."""

    default_delivery_slot_cost = integer(
        "5",
        doc="How many deliveries of other messages may go ahead of each further one of a large message; 0 for none.",
    )
    default_delivery_slot_discount = integer(
        "50", support=NOTED, doc="Share of a preemption that is granted in advance."
    )
    default_delivery_slot_loan = integer(
        "3", support=NOTED, doc="Number of deliveries of a preemption that is granted in advance."
    )
    default_destination_concurrency_failed_cohort_limit = integer(
        "1", doc="Rounds of failed deliveries after which a destination is left alone for a while."
    )
    default_destination_concurrency_limit = integer("20", doc="Deliveries to one destination that may run at a time.")
    default_destination_concurrency_negative_feedback = ConcurrencyFeedback(
        "1", doc="How far a failed delivery lowers the number of parallel ones."
    )
    default_destination_concurrency_positive_feedback = ConcurrencyFeedback(
        "1", doc="How far a successful delivery raises the number of parallel ones."
    )
    default_destination_rate_delay = duration("0s", doc="The pause between deliveries to one destination.")
    default_destination_recipient_limit = integer("50", doc="Recipients of one message that a delivery may have.")
    default_extra_recipient_limit = integer(
        "1000",
        support=NOTED,
        doc="Recipients that a transport may hold in memory beyond the limit, for preempting messages.",
    )
    default_minimum_delivery_slots = integer(
        "3", support=NOTED, doc="Recipients that a message must have before it can be preempted."
    )
    default_recipient_limit = integer("20000", support=NOTED, doc="Recipients that a transport may hold in memory.")
    default_recipient_refill_delay = duration(
        "5s", support=NOTED, doc="Time after which the recipients in memory are refilled from the queue."
    )
    default_recipient_refill_limit = integer(
        "100", support=NOTED, doc="Number of recipients that one refill brings at least."
    )
    defer_transports = words("", doc="Transports whose mail waits until the queue is flushed.")
    destination_concurrency_feedback_debug = boolean(
        "no", support=NOTED, doc="Log how the number of parallel deliveries changes."
    )
    enable_long_queue_ids = boolean(
        "no", doc="Give messages queue ids that are never used again, with the time in them."
    )
    hash_queue_depth = integer("1", support=NOTED, doc="Levels of directories below those of `hash_queue_names`.")
    hash_queue_names = words(
        "deferred, defer", support=NOTED, doc="Queue directories that are split into more directories."
    )
    in_flow_delay = duration(
        "1s", support=NOTED, doc="How long a new message is held back while the queue fills faster than it empties."
    )
    initial_destination_concurrency = integer("5", doc="Deliveries to one destination that may run at a time at first.")
    local_destination_concurrency_limit = integer("2", doc="Deliveries to one local recipient that may run at a time.")
    local_destination_recipient_limit = integer("1", doc="Recipients that a local delivery may have.")
    maximal_backoff_time = duration("4000s", doc="The longest time between two tries to deliver a message.")
    maximal_queue_lifetime = duration("5d", doc="How long a message is tried before it bounces.")
    minimal_backoff_time = duration("300s", doc="The shortest time between two tries to deliver a message.")
    qmgr_clog_warn_time = duration("300s", support=NOTED, doc="How often a congested destination is warned of.")
    qmgr_daemon_timeout = duration("1000s", support=NOTED, doc="How long the queue manager may be busy with one thing.")
    qmgr_fudge_factor = integer("100", support=NOTED, doc="Share of a transport's room that a large message may take.")
    qmgr_ipc_timeout = duration("60s", support=NOTED, doc="Time-out of the queue manager's requests to others.")
    qmgr_message_active_limit = integer(
        "20000", doc="Messages that are held in memory for delivery; the rest wait in the store."
    )
    qmgr_message_recipient_limit = integer("20000", doc="Recipients that are held in memory.")
    qmgr_message_recipient_minimum = integer(
        "10", support=NOTED, doc="Recipients of each message that are held in memory at least."
    )
    queue_directory = text(
        "/var/spool/postfix", required=True, doc="The directory of the queue. Gatepost's is `gatepost` below it."
    )
    queue_file_attribute_count_limit = integer("100", support=NOTED, doc="Attributes that a queue file may have.")
    queue_run_delay = duration("300s", doc="How often due messages are looked for.")
    relay_destination_concurrency_limit = integer(
        "$default_destination_concurrency_limit",
        doc="Like `default_destination_concurrency_limit`, for the relay transport.",
    )
    relay_destination_recipient_limit = integer(
        "$default_destination_recipient_limit",
        doc="Like `default_destination_recipient_limit`, for the relay transport.",
    )
    smtp_destination_concurrency_limit = integer(
        "$default_destination_concurrency_limit",
        doc="Like `default_destination_concurrency_limit`, for the smtp transport.",
    )
    smtp_destination_recipient_limit = integer(
        "$default_destination_recipient_limit",
        doc="Like `default_destination_recipient_limit`, for the smtp transport.",
    )
    virtual_destination_concurrency_limit = integer(
        "$default_destination_concurrency_limit",
        doc="Like `default_destination_concurrency_limit`, for the virtual transport.",
    )
    virtual_destination_recipient_limit = integer(
        "$default_destination_recipient_limit",
        doc="Like `default_destination_recipient_limit`, for the virtual transport.",
    )
