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

    access_map_defer_code = integer("450", minimum=200, maximum=599, doc="")
    access_map_reject_code = integer("554", minimum=200, maximum=599, doc="")
    allow_untrusted_routing = boolean("no", doc="")
    default_rbl_reply = text(
        "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
        raw=True,
        doc="",
    )
    defer_code = integer("450", minimum=200, maximum=599, doc="")
    invalid_hostname_reject_code = integer("501", minimum=200, maximum=599, doc="")
    maps_rbl_domains = words("", support=GUARDING, doc="")
    maps_rbl_reject_code = integer("554", minimum=200, maximum=599, doc="")
    multi_recipient_bounce_reject_code = integer("550", minimum=200, maximum=599, support=NOTED, doc="")
    non_fqdn_reject_code = integer("504", minimum=200, maximum=599, doc="")
    permit_mx_backup_networks = hosts("", support=GUARDING, doc="")
    plaintext_reject_code = integer("450", minimum=200, maximum=599, doc="")
    rbl_reply_maps = tables("", support=NOTED, doc="")
    reject_code = integer("554", minimum=200, maximum=599, doc="")
    reject_tempfail_action = choice("defer_if_permit", "defer", "defer_if_permit", "defer_if_reject", doc="")
    relay_clientcerts = tables("", doc="")
    relay_domains_reject_code = integer("554", minimum=200, maximum=599, doc="")
    show_user_unknown_table_name = boolean("yes", doc="")
    smtpd_client_restrictions = restrictions("", doc="")
    smtpd_data_restrictions = restrictions("", doc="")
    smtpd_delay_reject = boolean("yes", doc="")
    smtpd_dns_reply_filter = tables("", support=GUARDING, doc="")
    smtpd_end_of_data_restrictions = restrictions("", doc="")
    smtpd_etrn_restrictions = restrictions("", doc="")
    smtpd_expansion_filter = text(
        "\\t\\40!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
        raw=True,
        doc="",
    )
    smtpd_forbid_bare_newline_reject_code = integer("550", minimum=200, maximum=599, doc="")
    smtpd_helo_restrictions = restrictions("", doc="")
    smtpd_log_access_permit_actions = strings("", doc="")
    smtpd_null_access_lookup_key = text("<>", doc="")
    smtpd_policy_service_default_action = text("451 4.3.5 Server configuration problem", support=GUARDING, doc="")
    smtpd_policy_service_max_idle = duration("300s", support=NOTED, doc="")
    smtpd_policy_service_max_ttl = duration("1000s", support=NOTED, doc="")
    smtpd_policy_service_policy_context = text("", support=NOTED, doc="")
    smtpd_policy_service_request_limit = integer("0", support=NOTED, doc="")
    smtpd_policy_service_retry_delay = duration("1s", support=NOTED, doc="")
    smtpd_policy_service_timeout = duration("100s", support=NOTED, doc="")
    smtpd_policy_service_try_limit = integer("2", support=NOTED, doc="")
    smtpd_recipient_restrictions = restrictions("", doc="")
    smtpd_reject_footer = text("", raw=True, support=GUARDING, doc="")
    smtpd_reject_footer_maps = tables("", support=GUARDING, doc="")
    smtpd_reject_unlisted_recipient = boolean("yes", doc="")
    smtpd_reject_unlisted_sender = boolean("no", doc="")
    smtpd_relay_before_recipient_restrictions = boolean("${{$compatibility_level} <level {3.6} ? {no} : {yes}}", doc="")
    smtpd_relay_restrictions = restrictions(
        "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination}}",
        doc="",
    )
    smtpd_restriction_classes = words("", doc="")
    smtpd_sender_login_maps = tables("", doc="")
    smtpd_sender_restrictions = restrictions("", doc="")
    soft_bounce = boolean("no", doc="")
    unknown_address_reject_code = integer("450", minimum=200, maximum=599, doc="")
    unknown_address_tempfail_action = choice(
        "$reject_tempfail_action", "defer", "defer_if_permit", "defer_if_reject", doc=""
    )
    unknown_client_reject_code = integer("450", minimum=200, maximum=599, doc="")
    unknown_helo_hostname_tempfail_action = choice(
        "$reject_tempfail_action", "defer", "defer_if_permit", "defer_if_reject", doc=""
    )
    unknown_hostname_reject_code = integer("450", minimum=200, maximum=599, doc="")
    unknown_local_recipient_reject_code = integer("550", minimum=200, maximum=599, doc="")
    unknown_relay_recipient_reject_code = integer("550", minimum=200, maximum=599, doc="")
    unknown_virtual_alias_reject_code = integer("550", minimum=200, maximum=599, doc="")
    unknown_virtual_mailbox_reject_code = integer("550", minimum=200, maximum=599, doc="")
    unverified_recipient_defer_code = integer("450", minimum=200, maximum=599, support=NOTED, doc="")
    unverified_recipient_reject_code = integer("450", minimum=200, maximum=599, support=NOTED, doc="")
    unverified_recipient_reject_reason = text("", support=NOTED, doc="")
    unverified_recipient_tempfail_action = choice(
        "$reject_tempfail_action", "defer", "defer_if_permit", "defer_if_reject", support=NOTED, doc=""
    )
    unverified_sender_defer_code = integer("450", minimum=200, maximum=599, support=NOTED, doc="")
    unverified_sender_reject_code = integer("450", minimum=200, maximum=599, support=NOTED, doc="")
    unverified_sender_reject_reason = text("", support=NOTED, doc="")
    unverified_sender_tempfail_action = choice(
        "$reject_tempfail_action", "defer", "defer_if_permit", "defer_if_reject", support=NOTED, doc=""
    )
