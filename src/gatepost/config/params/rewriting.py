"""The rewriting of addresses, and copies of messages."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, integer, restrictions, strings, tables, text, words


class RewritingParameters:
    """The rewriting of addresses, and copies of messages."""

    allow_min_user = boolean("no", doc="")
    allow_percent_hack = boolean("yes", doc="")
    always_add_missing_headers = boolean("no", doc="")
    always_bcc = text("", support=GUARDING, doc="")
    append_at_myorigin = boolean("yes", doc="")
    append_dot_mydomain = boolean("${{$compatibility_level} <level {1} ? {yes} : {no}}", doc="")
    canonical_classes = words(
        "envelope_sender, envelope_recipient, header_sender, header_recipient", support=NOTED, doc=""
    )
    canonical_maps = tables("", support=NOTED, doc="")
    dont_remove = integer("0", support=NOTED, doc="")
    duplicate_filter_limit = integer("1000", doc="")
    empty_address_recipient = text("MAILER-DAEMON", doc="")
    enable_original_recipient = boolean("yes", doc="")
    local_header_rewrite_clients = restrictions("permit_inet_interfaces", doc="")
    masquerade_classes = words("envelope_sender, header_sender, header_recipient", support=NOTED, doc="")
    masquerade_domains = words("", support=GUARDING, doc="")
    masquerade_exceptions = strings("", support=NOTED, doc="")
    message_drop_headers = words("bcc, content-length, resent-bcc, return-path", doc="")
    recipient_bcc_maps = tables("", support=GUARDING, doc="")
    recipient_canonical_classes = words("envelope_recipient, header_recipient", support=NOTED, doc="")
    recipient_canonical_maps = tables("", support=NOTED, doc="")
    recipient_delimiter = text("", doc="")
    remote_header_rewrite_domain = text("", doc="")
    resolve_dequoted_address = boolean("yes", doc="")
    resolve_numeric_domain = boolean("no", doc="")
    sender_bcc_maps = tables("", support=GUARDING, doc="")
    sender_canonical_classes = words("envelope_sender, header_sender", support=NOTED, doc="")
    sender_canonical_maps = tables("", support=NOTED, doc="")
    swap_bangpath = boolean("yes", doc="")
    undisclosed_recipients_header = text("", doc="")
    virtual_alias_address_length_limit = integer("1000", doc="")
    virtual_alias_expansion_limit = integer("1000", doc="")
    virtual_alias_maps = tables("$virtual_maps", doc="")
    virtual_alias_recursion_limit = integer("1000", doc="")
