"""Logins: what the server asks of clients, and what the client tells servers."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, hosts, size, strings, tables, text, words


class SaslParameters:
    """Logins: what the server asks of clients, and what the client tells servers."""

    broken_sasl_auth_clients = boolean("no", doc="Announce `AUTH=` too, for clients that know only the oldest form.")
    cyrus_sasl_config_path = text("", support=NOTED, doc="Where Cyrus SASL looks for its configuration.")
    send_cyrus_sasl_authzid = boolean(
        "no", support=NOTED, doc="Send an authorisation identity when logging in at servers."
    )
    smtp_sasl_auth_cache_name = tables("", doc="Where failed logins are remembered.")
    smtp_sasl_auth_cache_time = duration("90d", doc="How long a failed login is remembered.")
    smtp_sasl_auth_enable = boolean("no", doc="Log in at servers for which there is a password.")
    smtp_sasl_auth_soft_bounce = boolean("yes", doc="Defer, rather than bounce, mail whose login fails.")
    smtp_sasl_mechanism_filter = strings("", doc="Mechanisms that may be used, of those that the server offers.")
    smtp_sasl_password_maps = tables("", doc="Tables of `user:password` by next hop or host.")
    smtp_sasl_path = text("", support=NOTED, doc="Settings of the SASL library, by its type.")
    smtp_sasl_security_options = words(
        "noplaintext, noanonymous",
        doc="What a mechanism must not be over plain connections: noplaintext, noanonymous, nodictionary, ...",
    )
    smtp_sasl_tls_security_options = words("$smtp_sasl_security_options", doc="The same over TLS.")
    smtp_sasl_tls_verified_security_options = words(
        "$smtp_sasl_tls_security_options", doc="The same over TLS with a verified server."
    )
    smtp_sasl_type = text(
        "cyrus", support=NOTED, doc="The SASL library. Gatepost has its own PLAIN, LOGIN and CRAM-MD5 for every value."
    )
    smtp_send_dummy_mail_auth = boolean("no", doc="Send `AUTH=<>` with MAIL after a login.")
    smtpd_sasl_auth_enable = boolean("no", doc="Let clients log in.")
    smtpd_sasl_authenticated_header = boolean("no", doc="Write the login into the Received header.")
    smtpd_sasl_exceptions_networks = hosts("", doc="Clients to whom AUTH is not offered.")
    smtpd_sasl_local_domain = text("", support=NOTED, doc="The realm of logins without one.")
    smtpd_sasl_mechanism_filter = strings(
        "!external, static:rest", doc="Mechanisms that may be offered, of those that the backend has."
    )
    smtpd_sasl_path = text(
        "smtpd", doc="Where the login backend is: the socket of Dovecot, or the name of Cyrus's configuration."
    )
    smtpd_sasl_response_limit = size("12288", doc="The longest response of a client in a login.")
    smtpd_sasl_security_options = words(
        "noanonymous", doc="What a mechanism must not be over plain connections: noplaintext, noanonymous, ..."
    )
    smtpd_sasl_service = text("smtp", doc="The service name for the login backend.")
    smtpd_sasl_tls_security_options = words("$smtpd_sasl_security_options", doc="The same over TLS.")
    smtpd_sasl_type = choice(
        "${gatepost_users_file?{gatepost}:{cyrus}}",
        "cyrus",
        "dovecot",
        "gatepost",
        doc="The login backend: `cyrus` (saslauthd), `dovecot`, or `gatepost` (its own users file).",
    )
