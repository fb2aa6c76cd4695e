"""The rewriting of addresses, and copies of messages."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, integer, restrictions, strings, tables, text, words


class RewritingParameters:
    """The rewriting of addresses, and copies of messages."""

    allow_min_user = boolean("no", doc="Accept recipients whose local part begins with `-`.")
    allow_percent_hack = boolean("yes", doc="Take `user%domain` for `user@domain` where the domain is ours.")
    always_add_missing_headers = boolean(
        "no", doc="Complete From, To, Date and Message-ID in mail from anywhere, not just from local clients."
    )
    always_bcc = text("", support=GUARDING, doc="An address that gets a copy of every message.")
    append_at_myorigin = boolean("yes", doc="Complete `user` to `user@$myorigin`.")
    append_dot_mydomain = boolean(
        "${{$compatibility_level} <level {1} ? {yes} : {no}}", doc="Complete `user@host` to `user@host.$mydomain`."
    )
    canonical_classes = words(
        "envelope_sender, envelope_recipient, header_sender, header_recipient",
        support=NOTED,
        doc="Which addresses `canonical_maps` rewrites.",
    )
    canonical_maps = tables("", support=GUARDING, doc="Tables that rewrite addresses in envelopes and headers.")
    dont_remove = integer("0", support=NOTED, doc="Keep delivered messages in the queue directory `saved`.")
    duplicate_filter_limit = integer(
        "1000", support=NOTED, doc="How many recipients are remembered so that none gets a message twice."
    )
    empty_address_recipient = text("MAILER-DAEMON", doc="Who gets mail that is addressed to the null address.")
    enable_original_recipient = boolean(
        "yes", doc="Keep the recipient as it was before rewriting, in X-Original-To and in reports."
    )
    local_header_rewrite_clients = restrictions(
        "permit_inet_interfaces", doc="Clients whose message headers are completed like those of local mail."
    )
    masquerade_classes = words(
        "envelope_sender, header_sender, header_recipient",
        support=NOTED,
        doc="Which addresses `masquerade_domains` rewrites.",
    )
    masquerade_domains = words("", support=GUARDING, doc="Domains whose subdomains are cut off in addresses.")
    masquerade_exceptions = strings("", support=NOTED, doc="Local parts that `masquerade_domains` leaves as they are.")
    message_drop_headers = words(
        "bcc, content-length, resent-bcc, return-path", doc="Headers that are removed from new mail."
    )
    recipient_bcc_maps = tables("", support=GUARDING, doc="Addresses that get copies of mail to certain recipients.")
    recipient_canonical_classes = words(
        "envelope_recipient, header_recipient",
        support=NOTED,
        doc="Which addresses `recipient_canonical_maps` rewrites.",
    )
    recipient_canonical_maps = tables("", support=GUARDING, doc="Tables that rewrite recipient addresses.")
    recipient_delimiter = text(
        "", doc="Characters that part a user from an address extension: with `+`, user+ext is delivered to user."
    )
    remote_header_rewrite_domain = text(
        "",
        doc="The domain that completes addresses in headers of mail from clients that are not local; empty leaves them.",
    )
    resolve_dequoted_address = boolean("yes", doc="Look for `@`, `%` and `!` in local parts without their quotes.")
    resolve_numeric_domain = boolean("no", doc="Take `user@1.2.3.4` for `user@[1.2.3.4]`.")
    sender_bcc_maps = tables("", support=GUARDING, doc="Addresses that get copies of mail from certain senders.")
    sender_canonical_classes = words(
        "envelope_sender, header_sender", support=NOTED, doc="Which addresses `sender_canonical_maps` rewrites."
    )
    sender_canonical_maps = tables("", support=GUARDING, doc="Tables that rewrite sender addresses.")
    swap_bangpath = boolean("yes", doc="Take `site!user` for `user@site`.")
    undisclosed_recipients_header = text(
        "", doc="The header that is added to mail that names no recipient; empty adds none."
    )
    virtual_alias_address_length_limit = integer(
        "1000", doc="Length of an address above which virtual aliases are taken for looping."
    )
    virtual_alias_expansion_limit = integer("1000", doc="Addresses that one recipient may expand to.")
    virtual_alias_maps = tables(
        "$virtual_maps", doc="Tables that replace recipients by other addresses, in any domain."
    )
    virtual_alias_recursion_limit = integer("1000", doc="Steps that one recipient may be expanded in.")
