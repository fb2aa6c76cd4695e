"""What rules do that cannot do what they say: log that whenever they are reached, and stop the list or not."""

from __future__ import annotations

from gatepost.policy.evaluation import Evaluation
from gatepost.policy.outcome import DUNNO, Outcome


async def stop(evaluation: Evaluation, *, warning: str) -> Outcome:
    """Refuse with `451 4.3.5 Server configuration error`: what the list means cannot be told without this rule."""
    raise evaluation.misconfigured(warning)


async def skip(evaluation: Evaluation, *, warning: str) -> Outcome:
    """Go on with the next rule."""
    evaluation.warn(warning)
    return DUNNO
