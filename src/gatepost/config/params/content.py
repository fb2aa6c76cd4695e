"""What is done with the content of messages on their way into the queue."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, integer, size, tables, text, words


class ContentParameters:
    """What is done with the content of messages on their way into the queue."""

    body_checks = tables("", support=GUARDING, doc="")
    body_checks_size_limit = size("51200", support=NOTED, doc="")
    cleanup_replace_stray_cr_lf = boolean("yes", support=NOTED, doc="")
    content_filter = text("", support=GUARDING, doc="")
    default_filter_nexthop = text("", support=NOTED, doc="")
    detect_8bit_encoding_header = boolean("yes", support=NOTED, doc="")
    disable_mime_input_processing = boolean("no", support=NOTED, doc="")
    disable_mime_output_conversion = boolean("no", support=NOTED, doc="")
    header_address_token_limit = integer("10240", doc="")
    header_checks = tables("", support=GUARDING, doc="")
    header_size_limit = size("102400", doc="")
    hopcount_limit = integer("50", doc="")
    message_reject_characters = text("", support=GUARDING, doc="")
    message_strip_characters = text("", support=GUARDING, doc="")
    mime_boundary_length_limit = size("2048", support=NOTED, doc="")
    mime_header_checks = tables("$header_checks", support=GUARDING, doc="")
    mime_nesting_limit = integer("100", support=NOTED, doc="")
    nested_header_checks = tables("$header_checks", support=GUARDING, doc="")
    receive_override_options = words("", support=NOTED, doc="")
    strict_7bit_headers = boolean("no", support=GUARDING, doc="")
    strict_8bitmime = boolean("no", support=GUARDING, doc="")
    strict_8bitmime_body = boolean("no", support=GUARDING, doc="")
    strict_mime_encoding_domain = boolean("no", support=GUARDING, doc="")
