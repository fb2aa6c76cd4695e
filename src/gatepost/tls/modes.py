"""What TLS means for one smtpd service: offered, required, from the first byte, with which client certificates."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.config.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerTlsMode:
    """The TLS duties of a service.

    `offered`: EHLO shows STARTTLS. `required`: nothing but a few commands before it. `wrapper`: TLS from the first
    byte. `asks` and `demands` are about client certificates. `login_only_in_tls`: AUTH waits for TLS.
    """

    offered: bool = False
    required: bool = False
    wrapper: bool = False
    asks: bool = False
    demands: bool = False
    login_only_in_tls: bool = False

    @property
    def used(self) -> bool:
        """Whether TLS can happen at all."""
        return self.offered or self.wrapper


def server_tls_mode(settings: Settings) -> ServerTlsMode:
    """Work out the mode from the service's settings, old parameter names included.

    `smtpd_tls_security_level`, where it is set, beats `smtpd_use_tls` and `smtpd_enforce_tls`; levels above encrypt
    are the client's, and mean encrypt here. A client certificate can be demanded only where TLS is.
    """
    wrapper = settings.smtpd_tls_wrappermode
    level = settings.text("smtpd_tls_security_level").strip().lower()
    if level:
        offered, required = level != "none", level not in {"none", "may"}
    else:
        required = settings.smtpd_enforce_tls
        offered = required or settings.smtpd_use_tls
    if wrapper:
        offered = required = True
    demands = required and settings.smtpd_tls_req_ccert
    return ServerTlsMode(
        offered=offered and not wrapper,
        required=required,
        wrapper=wrapper,
        asks=demands or settings.smtpd_tls_ask_ccert,
        demands=demands,
        login_only_in_tls=required or settings.smtpd_tls_auth_only,
    )


def log_level(settings: Settings, prefix: str = "smtpd") -> int:
    """The number of `smtpd_tls_loglevel`: 0 nothing, 1 a summary, 2 the handshake's steps, 3 and 4 its bytes."""
    text = settings.text(f"{prefix}_tls_loglevel").strip()
    return int(text) if text.isdigit() else 0
