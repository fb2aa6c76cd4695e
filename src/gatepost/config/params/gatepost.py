"""Gatepost's own parameters. Their names begin with `gatepost_`; Postfix passes over them."""

from __future__ import annotations

from gatepost.config.param import choice, integer, text, words


class GatepostParameters:
    """Gatepost's own parameters."""

    gatepost_users_file = text(
        "",
        doc="The file of users and password hashes that `gatepost user` keeps. Where it is set, `smtpd_sasl_type` is `gatepost` by default.",
    )
    gatepost_log_format = choice(
        "text", "text", "json", doc="How log lines are written: Postfix's text, or one JSON object a line."
    )
    gatepost_workers = integer("0", maximum=1024, doc="Worker processes; 0 makes one for each processor core.")
    gatepost_proxy_networks = words("", doc="Networks whose hosts may tell the true client address in a PROXY header.")
