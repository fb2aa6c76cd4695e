"""Delivery status: bounces, delay notices, trace reports."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, duration, size, tables, text, words


class BouncesParameters:
    """Delivery status: bounces, delay notices, trace reports."""

    _2bounce_notice_recipient = text("postmaster", name="2bounce_notice_recipient", doc="")
    bounce_notice_recipient = text("postmaster", doc="")
    bounce_queue_lifetime = duration("5d", doc="")
    bounce_service_name = text("bounce", support=NOTED, doc="")
    bounce_size_limit = size("50000", doc="")
    bounce_template_file = text("", support=NOTED, doc="")
    confirm_delay_cleared = boolean("no", support=NOTED, doc="")
    default_delivery_status_filter = tables("", support=GUARDING, doc="")
    defer_service_name = text("defer", support=NOTED, doc="")
    delay_notice_recipient = text("postmaster", support=NOTED, doc="")
    delay_warning_time = duration("0h", doc="")
    double_bounce_sender = text("double-bounce", required=True, doc="")
    enable_threaded_bounces = boolean("no", support=NOTED, doc="")
    error_notice_recipient = text("postmaster", support=NOTED, doc="")
    local_delivery_status_filter = tables("$default_delivery_status_filter", support=GUARDING, doc="")
    notify_classes = words("resource, software", doc="")
    pipe_delivery_status_filter = tables("$default_delivery_status_filter", support=GUARDING, doc="")
    smtp_delivery_status_filter = tables("$default_delivery_status_filter", support=GUARDING, doc="")
    trace_service_name = text("trace", support=NOTED, doc="")
    virtual_delivery_status_filter = tables("$default_delivery_status_filter", support=GUARDING, doc="")
