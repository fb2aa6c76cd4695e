"""What delivery agents need of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatepost.config.own import OwnAddresses
from gatepost.delivery.sts import StsPolicies
from gatepost.delivery.tlsreports import TlsReports
from gatepost.mail.events import Emit
from gatepost.oracle import Oracle


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world of one agent.

    `oracle` gives a consistent view of tables and DNS for one delivery, `emit` the way to the log for the attempt with
    a number, `own` are the addresses at which mail comes back to us. `sts` are the MTA-STS policies of other domains,
    `reports` counts TLS sessions; None where they are not wanted.
    """

    oracle: Callable[[], Oracle]
    emit: Callable[[int], Emit]
    own: OwnAddresses
    sts: StsPolicies | None = None
    reports: TlsReports | None = None
