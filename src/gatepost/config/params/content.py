"""What is done with the content of messages on their way into the queue."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, integer, size, tables, text, words


class ContentParameters:
    """What is done with the content of messages on their way into the queue."""

    body_checks = tables("", support=GUARDING, doc="Tables with patterns that body lines are held against.")
    body_checks_size_limit = size("51200", support=NOTED, doc="How much of a body part is held against `body_checks`.")
    cleanup_replace_stray_cr_lf = boolean("yes", doc="Replace a lone CR or LF in messages by a blank.")
    content_filter = text(
        "", support=GUARDING, doc="The transport and next hop through which all mail is sent for inspection."
    )
    default_filter_nexthop = text("", support=NOTED, doc="The next hop of `content_filter` where it names none.")
    detect_8bit_encoding_header = boolean("yes", support=NOTED, doc="Treat a message as 8-bit where a header says so.")
    disable_mime_input_processing = boolean("no", support=NOTED, doc="Do not look at the MIME structure of new mail.")
    disable_mime_output_conversion = boolean("no", doc="Do not convert 8-bit mail for servers that only take 7-bit.")
    header_address_token_limit = integer("10240", doc="How many pieces of an address header are looked at.")
    header_checks = tables("", support=GUARDING, doc="Tables with patterns that header lines are held against.")
    header_size_limit = size("102400", doc="Length at which a header is cut.")
    hopcount_limit = integer("50", doc="Received headers that a message may have before it is taken for looping.")
    message_reject_characters = text("", support=GUARDING, doc="Characters whose presence in a message refuses it.")
    message_strip_characters = text("", support=GUARDING, doc="Characters that are removed from messages.")
    mime_boundary_length_limit = size("2048", support=NOTED, doc="How much of a MIME boundary counts.")
    mime_header_checks = tables(
        "$header_checks", support=GUARDING, doc="Like `header_checks`, for the headers that concern MIME."
    )
    mime_nesting_limit = integer("100", support=NOTED, doc="Depth of MIME parts that is looked into.")
    nested_header_checks = tables(
        "$header_checks", support=GUARDING, doc="Like `header_checks`, for the headers of attached messages."
    )
    receive_override_options = words("", support=NOTED, doc="Stages of mail reception to leave out.")
    strict_7bit_headers = boolean("no", support=GUARDING, doc="Refuse mail with 8-bit text in headers.")
    strict_8bitmime = boolean("no", support=GUARDING, doc="Both `strict_7bit_headers` and `strict_8bitmime_body`.")
    strict_8bitmime_body = boolean(
        "no", support=GUARDING, doc="Refuse mail with 8-bit text in the body that does not say so."
    )
    strict_mime_encoding_domain = boolean(
        "no", support=GUARDING, doc="Refuse mail whose multipart or message parts have a content encoding."
    )
