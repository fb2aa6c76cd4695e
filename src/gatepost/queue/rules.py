"""The main.cf parameters that govern the queue, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatepost.config.settings import Settings
from gatepost.queue.record import Limits
from gatepost.queue.schedule import RetryPolicy


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a configuration says about the queue. Times are in seconds.

    `limits` has each transport's; `run_delay` is the time between looks for deferred mail that is due; `expansions` is
    how many times in a row a recipient may turn into another one. `double_bounce` is the sender of reports to the
    postmaster, about which nobody is told; `notify` holds the notify_classes. `confirms`: who was warned of a delay
    hears of its end (`confirm_delay_cleared`).
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    run_delay: float = 300.0
    active_limit: int = 20_000
    initial_window: int = 5
    soft_bounce: bool = False
    deferred_transports: frozenset[str] = frozenset()
    resolution: int = 2
    expansions: int = 50
    double_bounce: str = "double-bounce@localhost"
    notify: frozenset[str] = frozenset()
    confirms: bool = False

    @classmethod
    def of(cls, settings: Settings, processes: Mapping[str, int]) -> QueueRules:
        """The rules of a configuration.

        `processes` has each transport's name in master.cf with its process limit (0: none).
        """
        origin = settings.myorigin
        return cls(
            RetryPolicy(
                settings.minimal_backoff_time.total_seconds(),
                settings.maximal_backoff_time.total_seconds(),
                settings.maximal_queue_lifetime.total_seconds(),
                settings.bounce_queue_lifetime.total_seconds(),
                settings.delay_warning_time.total_seconds(),
            ),
            {name: _limits(settings, name, most) for name, most in processes.items()},
            max(settings.queue_run_delay.total_seconds(), 1.0),
            settings.qmgr_message_active_limit,
            settings.initial_destination_concurrency,
            settings.soft_bounce,
            frozenset(settings.defer_transports),
            settings.delay_logging_resolution_limit,
            settings.hopcount_limit,
            f"{settings.double_bounce_sender}@{origin}",
            frozenset(name.lower() for name in settings.notify_classes),
            settings.confirm_delay_cleared,
        )


def _limits(settings: Settings, transport: str, processes: int) -> Limits:
    """The limits that are set for this transport by its own name, else the defaults."""
    return Limits(
        _number(settings, f"{transport}_destination_concurrency_limit", settings.default_destination_concurrency_limit),
        _number(settings, f"{transport}_destination_recipient_limit", settings.default_destination_recipient_limit),
        processes,
    )


def _number(settings: Settings, name: str, default: int) -> int:
    text = settings.text(name).strip()
    return int(text) if text.isdigit() else default
