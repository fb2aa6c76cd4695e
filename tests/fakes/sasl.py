"""A login backend whose exchanges are written down beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gatepost.sasl.server import Failure, SaslContext, Step


@dataclass
class FakeExchange:
    """Gives its steps in turn; `responses` holds what the client said."""

    steps: list[Step]
    responses: list[str | None] = field(default_factory=list)
    aborted: bool = False

    async def step(self, response: str | None) -> Step:
        self.responses.append(response)
        return self.steps.pop(0)

    def abort(self) -> None:
        self.aborted = True


@dataclass
class FakeSasl:
    """Offers PLAIN and LOGIN; `steps` are those of every exchange."""

    steps: Sequence[Step] = (Failure(),)
    plain: tuple[str, ...] = ("PLAIN", "LOGIN")
    secure: tuple[str, ...] = ("PLAIN", "LOGIN")
    exchanges: list[FakeExchange] = field(default_factory=list)
    started: list[tuple[str, str | None, SaslContext]] = field(default_factory=list)

    async def prepare(self) -> None:
        """Be ready."""

    def mechanisms(self, *, tls: bool) -> tuple[str, ...]:
        return self.secure if tls else self.plain

    def start(self, mechanism: str, initial: str | None, context: SaslContext) -> FakeExchange:
        self.started.append((mechanism, initial, context))
        self.exchanges.append(FakeExchange(list(self.steps)))
        return self.exchanges[-1]
