"""Mail filters that speak the milter protocol."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, choice, duration, integer, tables, text, words


class MiltersParameters:
    """Mail filters that speak the milter protocol."""

    internal_mail_filter_classes = words(
        "", support=NOTED, doc="Which mail of the server's own passes the content filters."
    )
    milter_command_timeout = duration("30s", support=NOTED, doc="Time-out of a milter's answer to an SMTP command.")
    milter_connect_macros = words(
        "j {daemon_name} {daemon_addr} v _", support=NOTED, doc="Macros that are sent to milters at connect."
    )
    milter_connect_timeout = duration("30s", support=NOTED, doc="Time-out of connecting to a milter.")
    milter_content_timeout = duration("300s", support=NOTED, doc="Time-out of a milter's answer to header and body.")
    milter_data_macros = words("i", support=NOTED, doc="Macros that are sent to milters at DATA.")
    milter_default_action = choice(
        "tempfail",
        "accept",
        "reject",
        "tempfail",
        "quarantine",
        "shutdown",
        support=NOTED,
        doc="What is done when a milter cannot be reached or misbehaves.",
    )
    milter_end_of_data_macros = words(
        "i", support=NOTED, doc="Macros that are sent to milters at the end of the message."
    )
    milter_end_of_header_macros = words(
        "i", support=NOTED, doc="Macros that are sent to milters at the end of the header."
    )
    milter_header_checks = tables("", support=GUARDING, doc="Patterns that headers made by milters are held against.")
    milter_helo_macros = words(
        "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        support=NOTED,
        doc="Macros that are sent to milters at HELO.",
    )
    milter_macro_daemon_name = text("$myhostname", support=NOTED, doc="The value of `{daemon_name}` for milters.")
    milter_macro_defaults = words("", support=NOTED, doc="Values of macros that have none otherwise.")
    milter_macro_v = text("$mail_name $mail_version", support=NOTED, doc="The value of `v` for milters.")
    milter_mail_macros = words(
        "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
        support=NOTED,
        doc="Macros that are sent to milters at MAIL.",
    )
    milter_protocol = integer("6", support=NOTED, doc="The version of the milter protocol.")
    milter_rcpt_macros = words(
        "i {rcpt_addr} {rcpt_host} {rcpt_mailer}", support=NOTED, doc="Macros that are sent to milters at RCPT."
    )
    milter_unknown_command_macros = words(
        "", support=NOTED, doc="Macros that are sent to milters at an unknown command."
    )
    non_smtpd_milters = words("", support=GUARDING, doc="Milters for mail that does not come by SMTP.")
    smtpd_milter_maps = tables("", support=GUARDING, doc="Milters for single clients.")
    smtpd_milters = words("", support=GUARDING, doc="Milters for mail that comes by SMTP.")
