"""Mail filters that speak the milter protocol."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, choice, duration, integer, tables, text, words


class MiltersParameters:
    """Mail filters that speak the milter protocol."""

    internal_mail_filter_classes = words("", support=NOTED, doc="")
    milter_command_timeout = duration("30s", support=NOTED, doc="")
    milter_connect_macros = words("j {daemon_name} {daemon_addr} v _", support=NOTED, doc="")
    milter_connect_timeout = duration("30s", support=NOTED, doc="")
    milter_content_timeout = duration("300s", support=NOTED, doc="")
    milter_data_macros = words("i", support=NOTED, doc="")
    milter_default_action = choice(
        "tempfail", "accept", "reject", "tempfail", "quarantine", "shutdown", support=NOTED, doc=""
    )
    milter_end_of_data_macros = words("i", support=NOTED, doc="")
    milter_end_of_header_macros = words("i", support=NOTED, doc="")
    milter_header_checks = tables("", support=GUARDING, doc="")
    milter_helo_macros = words(
        "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}", support=NOTED, doc=""
    )
    milter_macro_daemon_name = text("$myhostname", support=NOTED, doc="")
    milter_macro_defaults = words("", support=NOTED, doc="")
    milter_macro_v = text("$mail_name $mail_version", support=NOTED, doc="")
    milter_mail_macros = words(
        "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}", support=NOTED, doc=""
    )
    milter_protocol = integer("6", support=NOTED, doc="")
    milter_rcpt_macros = words("i {rcpt_addr} {rcpt_host} {rcpt_mailer}", support=NOTED, doc="")
    milter_unknown_command_macros = words("", support=NOTED, doc="")
    non_smtpd_milters = words("", support=GUARDING, doc="")
    smtpd_milter_maps = tables("", support=GUARDING, doc="")
    smtpd_milters = words("", support=GUARDING, doc="")
