"""Who may send what to whom: restriction lists, their codes, policy services."""

from __future__ import annotations

from gatepost.config.param import (
    GUARDING,
    NOTED,
    boolean,
    choice,
    duration,
    hosts,
    integer,
    restrictions,
    strings,
    tables,
    text,
    words,
)


class AccessParameters:
    """Who may send what to whom: restriction lists, their codes, policy services."""

    access_map_defer_code = integer(
        "450", minimum=200, maximum=599, doc="Reply code of DEFER and of failing lookups in access tables."
    )
    access_map_reject_code = integer("554", minimum=200, maximum=599, doc="Reply code of REJECT in access tables.")
    allow_untrusted_routing = boolean(
        "no", doc="Forward addresses with routing in them (`user@elsewhere@domain`) from clients that are not trusted."
    )
    default_rbl_reply = text(
        "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
        raw=True,
        doc="The reply to clients and names that a DNS list blocks.",
    )
    defer_code = integer("450", minimum=200, maximum=599, doc="Reply code of `defer`.")
    invalid_hostname_reject_code = integer(
        "501", minimum=200, maximum=599, doc="Reply code of `reject_invalid_helo_hostname`."
    )
    maps_rbl_domains = words("", doc="DNS lists that the obsolete `reject_maps_rbl` asks.")
    maps_rbl_reject_code = integer("554", minimum=200, maximum=599, doc="Reply code where a DNS list blocks.")
    multi_recipient_bounce_reject_code = integer(
        "550", minimum=200, maximum=599, doc="Reply code of `reject_multi_recipient_bounce`."
    )
    non_fqdn_reject_code = integer(
        "504", minimum=200, maximum=599, doc="Reply code of the `reject_non_fqdn_...` restrictions."
    )
    permit_mx_backup_networks = hosts(
        "", doc="Networks that the primary mail exchanger must be in for `permit_mx_backup`."
    )
    plaintext_reject_code = integer("450", minimum=200, maximum=599, doc="Reply code of `reject_plaintext_session`.")
    rbl_reply_maps = tables("", doc="Replies for single DNS lists, instead of `default_rbl_reply`.")
    reject_code = integer("554", minimum=200, maximum=599, doc="Reply code of `reject`.")
    reject_tempfail_action = choice(
        "defer_if_permit",
        "defer",
        "defer_if_permit",
        doc="What is done when a restriction cannot decide because a lookup fails for now.",
    )
    relay_clientcerts = tables("", doc="Fingerprints of client certificates that `permit_tls_clientcerts` lets relay.")
    relay_domains_reject_code = integer(
        "554", minimum=200, maximum=599, doc="Reply code of `reject_unauth_destination`."
    )
    show_user_unknown_table_name = boolean("yes", doc="Name the table in `User unknown in ... table`.")
    smtpd_client_restrictions = restrictions("", doc="Restrictions at connect, on the client.")
    smtpd_data_restrictions = restrictions("", doc="Restrictions at DATA.")
    smtpd_delay_reject = boolean("yes", doc="Put off what connect, HELO and MAIL refuse until RCPT.")
    smtpd_dns_reply_filter = tables("", support=GUARDING, doc="Patterns that change or drop DNS answers.")
    smtpd_end_of_data_restrictions = restrictions("", doc="Restrictions at the end of the message.")
    smtpd_etrn_restrictions = restrictions("", doc="Restrictions at ETRN.")
    smtpd_expansion_filter = text(
        "\\t\\40!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
        raw=True,
        doc="Characters that client data may keep in replies made from templates; others become `_`.",
    )
    smtpd_forbid_bare_newline_reject_code = integer(
        "550", minimum=200, maximum=599, doc="Reply code where a bare newline is refused."
    )
    smtpd_helo_restrictions = restrictions("", doc="Restrictions at HELO and EHLO.")
    smtpd_log_access_permit_actions = strings("", doc="Permitting actions that are logged.")
    smtpd_null_access_lookup_key = text("<>", doc="What the null sender is looked up as in access tables.")
    smtpd_policy_service_default_action = text(
        "451 4.3.5 Server configuration problem",
        support=GUARDING,
        doc="The action where a policy service cannot be reached.",
    )
    smtpd_policy_service_max_idle = duration(
        "300s", support=NOTED, doc="How long an idle connection to a policy service is kept."
    )
    smtpd_policy_service_max_ttl = duration(
        "1000s", support=NOTED, doc="How long a connection to a policy service is kept at all."
    )
    smtpd_policy_service_policy_context = text("", support=NOTED, doc="A text that policy requests carry.")
    smtpd_policy_service_request_limit = integer(
        "0", support=NOTED, doc="Requests on one connection to a policy service; 0 is no limit."
    )
    smtpd_policy_service_retry_delay = duration(
        "1s", support=NOTED, doc="The pause before a request to a policy service is repeated."
    )
    smtpd_policy_service_timeout = duration("100s", support=NOTED, doc="Time-out of a policy service.")
    smtpd_policy_service_try_limit = integer(
        "2", support=NOTED, doc="How often a request to a policy service is tried."
    )
    smtpd_recipient_restrictions = restrictions("", doc="Restrictions at RCPT, after those on relaying.")
    smtpd_reject_footer = text("", raw=True, support=GUARDING, doc="A text that is added to every 4xx and 5xx reply.")
    smtpd_reject_footer_maps = tables("", support=GUARDING, doc="Such texts by reply.")
    smtpd_reject_unlisted_recipient = boolean(
        "yes", doc="Refuse recipients in our domains that no table lists, after all restrictions."
    )
    smtpd_reject_unlisted_sender = boolean("no", doc="Refuse senders in our domains that no table lists.")
    smtpd_relay_before_recipient_restrictions = boolean(
        "${{$compatibility_level} <level {3.6} ? {no} : {yes}}",
        doc="Evaluate `smtpd_relay_restrictions` before `smtpd_recipient_restrictions`, not after.",
    )
    smtpd_relay_restrictions = restrictions(
        "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination}}",
        doc="Restrictions at RCPT that decide about relaying.",
    )
    smtpd_restriction_classes = words("", doc="Names of the user's own for lists of restrictions.")
    smtpd_sender_login_maps = tables("", doc="Logins that own a sender address, for the sender login restrictions.")
    smtpd_sender_restrictions = restrictions("", doc="Restrictions at MAIL, on the sender.")
    soft_bounce = boolean("no", doc="Turn every 5xx into 4xx and every bounce into a deferral, for tests.")
    unknown_address_reject_code = integer(
        "450",
        minimum=200,
        maximum=599,
        doc="Reply code of `reject_unknown_sender_domain` and `reject_unknown_recipient_domain`.",
    )
    unknown_address_tempfail_action = choice(
        "$reject_tempfail_action",
        "defer",
        "defer_if_permit",
        doc="What these do when DNS fails for now.",
    )
    unknown_client_reject_code = integer(
        "450", minimum=200, maximum=599, doc="Reply code of `reject_unknown_client_hostname` and its kin."
    )
    unknown_helo_hostname_tempfail_action = choice(
        "$reject_tempfail_action",
        "defer",
        "defer_if_permit",
        doc="What `reject_unknown_helo_hostname` does when DNS fails for now.",
    )
    unknown_hostname_reject_code = integer(
        "450", minimum=200, maximum=599, doc="Reply code of `reject_unknown_helo_hostname`."
    )
    unknown_local_recipient_reject_code = integer(
        "550", minimum=200, maximum=599, doc="Reply code for local recipients that no table lists."
    )
    unknown_relay_recipient_reject_code = integer(
        "550", minimum=200, maximum=599, doc="Reply code for recipients in `relay_domains` that no table lists."
    )
    unknown_virtual_alias_reject_code = integer(
        "550", minimum=200, maximum=599, doc="Reply code for recipients in `virtual_alias_domains` that no table lists."
    )
    unknown_virtual_mailbox_reject_code = integer(
        "550",
        minimum=200,
        maximum=599,
        doc="Reply code for recipients in `virtual_mailbox_domains` that no table lists.",
    )
    unverified_recipient_defer_code = integer(
        "450", minimum=200, maximum=599, support=NOTED, doc="Reply code while a recipient's probe has no result."
    )
    unverified_recipient_reject_code = integer(
        "450", minimum=200, maximum=599, support=NOTED, doc="Reply code where a recipient's probe failed."
    )
    unverified_recipient_reject_reason = text("", support=NOTED, doc="The text of that reply.")
    unverified_recipient_tempfail_action = choice(
        "$reject_tempfail_action",
        "defer",
        "defer_if_permit",
        support=NOTED,
        doc="What is done while a recipient's probe fails for now.",
    )
    unverified_sender_defer_code = integer(
        "450", minimum=200, maximum=599, support=NOTED, doc="Reply code while a sender's probe has no result."
    )
    unverified_sender_reject_code = integer(
        "450", minimum=200, maximum=599, support=NOTED, doc="Reply code where a sender's probe failed."
    )
    unverified_sender_reject_reason = text("", support=NOTED, doc="The text of that reply.")
    unverified_sender_tempfail_action = choice(
        "$reject_tempfail_action",
        "defer",
        "defer_if_permit",
        support=NOTED,
        doc="What is done while a sender's probe fails for now.",
    )
