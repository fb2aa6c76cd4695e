"""Concurrency feedback in main.cf."""

from __future__ import annotations

import pytest

from gatepost.config.feedback import ConcurrencyFeedback, Feedback
from gatepost.config.param import InvalidValueError
from gatepost.config.source import SourceText


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", Feedback(1.0)),
        ("0.25", Feedback(0.25)),
        (".5", Feedback(0.5)),
        ("1/8", Feedback(0.125)),
        ("1 / concurrency", Feedback(1.0, "concurrency")),
        ("0.5/sqrt_concurrency", Feedback(0.5, "sqrt_concurrency")),
    ],
)
def test_forms(text: str, expected: Feedback) -> None:
    assert ConcurrencyFeedback("1").parse(SourceText.of(text)) == expected


@pytest.mark.parametrize("text", ["", "0", "2", "-1", "1/0", "x", "1/x", "concurrency", "1/concurrency/2"])
def test_what_is_no_feedback(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        ConcurrencyFeedback("1").parse(SourceText.of(text))
    assert "/sqrt_concurrency" in caught.value.hint


@pytest.mark.parametrize(
    ("feedback", "window", "expected"),
    [(Feedback(), 16, 1.0), (Feedback(0.5, "concurrency"), 16, 0.03125), (Feedback(1, "sqrt_concurrency"), 16, 0.25)],
)
def test_what_it_comes_to(feedback: Feedback, window: int, expected: float) -> None:
    assert feedback.of(window) == expected
