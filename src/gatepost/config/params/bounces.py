"""Delivery status: bounces, delay notices, trace reports."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, duration, size, tables, text, words


class BouncesParameters:
    """Delivery status: bounces, delay notices, trace reports."""

    _2bounce_notice_recipient = text(
        "postmaster",
        name="2bounce_notice_recipient",
        doc="Who is told of bounces that could not be delivered either (notify class `2bounce`).",
    )
    bounce_notice_recipient = text("postmaster", doc="Who gets copies of bounces (notify class `bounce`).")
    bounce_queue_lifetime = duration("5d", doc="How long a bounce is tried before it is given up.")
    bounce_service_name = text("bounce", support=NOTED, doc="The service that keeps reports of failed recipients.")
    bounce_size_limit = size(
        "50000", doc="How much of the original message a bounce returns; a longer one is cut to its header."
    )
    bounce_template_file = text("", doc="File with texts for reports in place of the built-in ones (bounce(5)).")
    confirm_delay_cleared = boolean("no", doc="Tell the sender when a delayed message was delivered after all.")
    default_delivery_status_filter = tables("", doc="Tables that change the status of deliveries.")
    defer_service_name = text("defer", support=NOTED, doc="The service that keeps reports of delayed recipients.")
    delay_notice_recipient = text("postmaster", doc="Who gets copies of delay notices (notify class `delay`).")
    delay_warning_time = duration(
        "0h", doc="Time after which the sender is told that a message is delayed; 0 is never."
    )
    double_bounce_sender = text(
        "double-bounce",
        required=True,
        doc="Local part of the sender of notices to the postmaster; what cannot be delivered to it is dropped.",
    )
    enable_threaded_bounces = boolean("no", doc="Make a report a reply to its message in the eyes of mail programs.")
    error_notice_recipient = text(
        "postmaster",
        doc="Who is told of errors in the server (notify classes `resource`, `software`, ...).",
    )
    local_delivery_status_filter = tables(
        "$default_delivery_status_filter",
        doc="Like `default_delivery_status_filter`, for local delivery.",
    )
    notify_classes = words(
        "resource, software",
        doc="What the postmaster is told of: bounce, 2bounce, data, delay, policy, protocol, resource, software.",
    )
    pipe_delivery_status_filter = tables(
        "$default_delivery_status_filter",
        doc="Like `default_delivery_status_filter`, for delivery to commands.",
    )
    smtp_delivery_status_filter = tables(
        "$default_delivery_status_filter", doc="Like `default_delivery_status_filter`, for SMTP."
    )
    trace_service_name = text("trace", support=NOTED, doc="The service that keeps reports of verbose deliveries.")
    virtual_delivery_status_filter = tables(
        "$default_delivery_status_filter",
        doc="Like `default_delivery_status_filter`, for virtual mailboxes.",
    )
