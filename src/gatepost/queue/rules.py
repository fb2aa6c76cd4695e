"""The main.cf parameters that govern the queue, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gatepost.config.param import Parameter
from gatepost.config.settings import Settings
from gatepost.queue.record import Limits
from gatepost.queue.retry import RetryPolicy

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a configuration says about the queue. Times are in seconds.

    `limits` has each transport's; `run_delay` is the time between looks for deferred mail that is due; `active_limit`
    and `recipient_limit` bound what memory holds; `expansions` is how many times in a row a recipient may turn into
    another one. `double_bounce` is the sender of reports to the postmaster, about which nobody is told; `notify` holds
    the notify_classes. `confirms`: who was warned of a delay hears of its end (`confirm_delay_cleared`).
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    run_delay: float = 300.0
    active_limit: int = 20_000
    recipient_limit: int = 20_000
    soft_bounce: bool = False
    deferred_transports: frozenset[str] = frozenset()
    resolution: int = 2
    expansions: int = 50
    double_bounce: str = "double-bounce@localhost"
    notify: frozenset[str] = frozenset()
    confirms: bool = False

    @classmethod
    def of(cls, settings: Settings, processes: Mapping[str, int], workers: int = 1) -> QueueRules:
        """The rules of a configuration, for one of so many workers.

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
            {name: _limits(settings, name, most).shared(workers) for name, most in processes.items()},
            max(settings.queue_run_delay.total_seconds(), 1.0),
            settings.qmgr_message_active_limit,
            settings.qmgr_message_recipient_limit,
            settings.soft_bounce,
            frozenset(settings.defer_transports),
            settings.delay_logging_resolution_limit,
            settings.hopcount_limit,
            f"{settings.double_bounce_sender}@{origin}",
            frozenset(name.lower() for name in settings.notify_classes),
            settings.confirm_delay_cleared,
        )


def _limits(settings: Settings, transport: str, processes: int) -> Limits:
    """The limits that are set for this transport by its own names, else the defaults."""

    def own(parameter: Parameter[_T]) -> _T:
        return settings.for_transport(parameter, transport)

    return Limits(
        own(Settings.default_destination_concurrency_limit),
        own(Settings.default_destination_recipient_limit),
        processes,
        max(own(Settings.initial_destination_concurrency), 1),
        own(Settings.default_destination_concurrency_positive_feedback),
        own(Settings.default_destination_concurrency_negative_feedback),
        own(Settings.default_destination_concurrency_failed_cohort_limit),
        own(Settings.default_destination_rate_delay).total_seconds(),
        own(Settings.default_transport_rate_delay).total_seconds(),
        own(Settings.default_delivery_slot_cost),
    )
