"""All parameters, one module a subject. `AllParameters` gathers them for `Settings`."""

from __future__ import annotations

from gatepost.config.params.access import AccessParameters
from gatepost.config.params.bounces import BouncesParameters
from gatepost.config.params.content import ContentParameters
from gatepost.config.params.gatepost import GatepostParameters
from gatepost.config.params.limits import LimitsParameters
from gatepost.config.params.lmtp import LmtpParameters
from gatepost.config.params.local import LocalParameters
from gatepost.config.params.logging import LoggingParameters
from gatepost.config.params.milters import MiltersParameters
from gatepost.config.params.postscreen import PostscreenParameters
from gatepost.config.params.processes import ProcessesParameters
from gatepost.config.params.queue import QueueParameters
from gatepost.config.params.rewriting import RewritingParameters
from gatepost.config.params.routing import RoutingParameters
from gatepost.config.params.sasl import SaslParameters
from gatepost.config.params.smtp import SmtpParameters
from gatepost.config.params.smtpd import SmtpdParameters
from gatepost.config.params.submission import SubmissionParameters
from gatepost.config.params.tables import TablesParameters
from gatepost.config.params.tls_client import TlsClientParameters
from gatepost.config.params.tls_server import TlsServerParameters
from gatepost.config.params.tlsproxy import TlsProxyParameters
from gatepost.config.params.verification import VerificationParameters
from gatepost.config.params.virtual import VirtualParameters


class AllParameters(
    AccessParameters,
    BouncesParameters,
    ContentParameters,
    GatepostParameters,
    LimitsParameters,
    LmtpParameters,
    LocalParameters,
    LoggingParameters,
    MiltersParameters,
    PostscreenParameters,
    ProcessesParameters,
    QueueParameters,
    RewritingParameters,
    RoutingParameters,
    SaslParameters,
    SmtpParameters,
    SmtpdParameters,
    SubmissionParameters,
    TablesParameters,
    TlsClientParameters,
    TlsServerParameters,
    TlsProxyParameters,
    VerificationParameters,
    VirtualParameters,
):
    """Every parameter that main.cf may set."""
