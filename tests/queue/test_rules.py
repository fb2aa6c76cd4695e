"""main.cf's words about the queue."""

from __future__ import annotations

from gatepost.config.feedback import Feedback
from gatepost.config.settings import Settings
from gatepost.queue.record import Limits
from gatepost.queue.retry import RetryPolicy
from gatepost.queue.rules import QueueRules


def test_the_defaults_are_postfixs() -> None:
    rules = QueueRules.of(Settings.parse("myhostname = mx.example.com"), {"smtp": 100, "local": 0})
    assert rules.retry == RetryPolicy(300, 4000, 432_000, 432_000, 0)
    assert rules.limits == {"smtp": Limits(20, 50, 100), "local": Limits(2, 1, 0)}
    assert (rules.run_delay, rules.active_limit, rules.recipient_limit) == (300, 20_000, 20_000)
    assert (rules.soft_bounce, rules.deferred_transports, rules.resolution) == (False, frozenset(), 2)
    assert rules.double_bounce == "double-bounce@mx.example.com"
    assert rules.notify == {"resource", "software"}


def test_a_transport_of_any_name_has_limits_of_its_own() -> None:
    text = (
        "myhostname = mx.example.com\nslow_destination_concurrency_limit = 1\n"
        "slow_destination_recipient_limit = 7\ndefault_destination_concurrency_limit = 3\n"
        "defer_transports = slow, other\nnotify_classes = Bounce 2bounce\nqueue_run_delay = 0\nsoft_bounce = yes\n"
    )
    rules = QueueRules.of(Settings.parse(text), {"slow": 2, "fast": 9})
    assert rules.limits == {"slow": Limits(1, 7, 2), "fast": Limits(3, 50, 9)}
    assert rules.deferred_transports == {"slow", "other"}
    assert rules.notify == {"bounce", "2bounce"}
    assert rules.run_delay == 1
    assert rules.soft_bounce


def test_every_limit_has_a_transports_own_form() -> None:
    text = (
        "myhostname = mx.example.com\nslow_initial_destination_concurrency = 2\n"
        "slow_destination_concurrency_positive_feedback = 1/concurrency\n"
        "slow_destination_concurrency_negative_feedback = 1/sqrt_concurrency\n"
        "slow_destination_concurrency_failed_cohort_limit = 3\nslow_destination_rate_delay = 5s\n"
        "slow_transport_rate_delay = 7s\nslow_delivery_slot_cost = 9\n"
        "default_destination_concurrency_positive_feedback = 1/4\n"
    )
    rules = QueueRules.of(Settings.parse(text), {"slow": 2, "fast": 9})
    per = Feedback(1, "concurrency"), Feedback(1, "sqrt_concurrency")
    assert rules.limits["slow"] == Limits(20, 50, 2, 2, *per, 3, 5.0, 7.0, 9)
    assert rules.limits["fast"] == Limits(20, 50, 9, positive=Feedback(0.25))


def test_workers_share_the_limits() -> None:
    text = "myhostname = mx.example.com\nslow_destination_concurrency_limit = 1\nslow_destination_rate_delay = 5s\n"
    rules = QueueRules.of(Settings.parse(text), {"slow": 2, "fast": 9, "local": 0}, 4)
    assert rules.limits == {
        "slow": Limits(1, 50, 1, 1, rate_delay=20.0),
        "fast": Limits(5, 50, 2, 1),
        "local": Limits(1, 1, 0, 1),
    }
