"""Logins: what the server asks of clients, and what the client tells servers."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, hosts, size, strings, tables, text, words


class SaslParameters:
    """Logins: what the server asks of clients, and what the client tells servers."""

    broken_sasl_auth_clients = boolean("no", doc="")
    cyrus_sasl_config_path = text("", support=NOTED, doc="")
    send_cyrus_sasl_authzid = boolean("no", support=NOTED, doc="")
    smtp_sasl_auth_cache_name = tables("", support=NOTED, doc="")
    smtp_sasl_auth_cache_time = duration("90d", support=NOTED, doc="")
    smtp_sasl_auth_enable = boolean("no", doc="")
    smtp_sasl_auth_soft_bounce = boolean("yes", doc="")
    smtp_sasl_mechanism_filter = strings("", doc="")
    smtp_sasl_password_maps = tables("", doc="")
    smtp_sasl_path = text("", support=NOTED, doc="")
    smtp_sasl_security_options = words("noplaintext, noanonymous", doc="")
    smtp_sasl_tls_security_options = words("$smtp_sasl_security_options", doc="")
    smtp_sasl_tls_verified_security_options = words("$smtp_sasl_tls_security_options", doc="")
    smtp_sasl_type = text("cyrus", support=NOTED, doc="")
    smtp_send_dummy_mail_auth = boolean("no", support=NOTED, doc="")
    smtpd_sasl_auth_enable = boolean("no", doc="")
    smtpd_sasl_authenticated_header = boolean("no", doc="")
    smtpd_sasl_exceptions_networks = hosts("", doc="")
    smtpd_sasl_local_domain = text("", doc="")
    smtpd_sasl_mechanism_filter = strings("!external, static:rest", doc="")
    smtpd_sasl_path = text("smtpd", doc="")
    smtpd_sasl_response_limit = size("12288", doc="")
    smtpd_sasl_security_options = words("noanonymous", doc="")
    smtpd_sasl_service = text("smtp", doc="")
    smtpd_sasl_tls_security_options = words("$smtpd_sasl_security_options", doc="")
    smtpd_sasl_type = choice("cyrus", "cyrus", "dovecot", "gatepost", doc="")
