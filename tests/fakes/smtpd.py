"""A service with everything around it in memory: configuration, tables, DNS, queue, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.mail.events import Event
from gatepost.mail.peer import NameStatus, Peer
from gatepost.mail.reply import Reply
from gatepost.maillog import Logger, text
from gatepost.policy.compile import compile_program
from gatepost.policy.engine import decide
from gatepost.queue.intake import Accepted, Refused, Submission
from gatepost.sasl.server import SaslServer
from gatepost.server.limits import ClientLimits, make_table
from gatepost.server.listen import Listener
from gatepost.server.session import Session
from gatepost.server.snapshot import Resources, ServiceSnapshot, SessionLists, limits_clients
from gatepost.tls.context import ServerTls
from gatepost.tls.modes import server_tls_mode
from tests.fakes.oracle import FakeOracle
from tests.fakes.wire import Wire

BASE = """
compatibility_level = 3.6
myhostname = mx.example
mydestination = mx.example
mynetworks = 127.0.0.0/8
mail_name = Postfix
local_recipient_maps =
alias_maps =
smtpd_error_sleep_time = 0
"""


class NoLetter(dict[str, str]):
    """The table of the default `smtpd_forbidden_commands`: words that begin with no letter."""

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]  # one signature of several
        return "Bogus" if not key[:1].isascii() or not key[:1].isalpha() else default


@dataclass
class FakeDraft:
    """Collects content."""

    queue_id: str
    intake: FakeIntake
    content: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> None:
        self.content += data

    async def commit(self, submission: Submission) -> Accepted | Refused:
        self.intake.open.discard(self.queue_id)
        if self.intake.refusal:
            return Refused(self.intake.refusal)
        self.intake.taken.append((submission, bytes(self.content)))
        return Accepted(self.queue_id)

    def discard(self) -> None:
        self.intake.open.discard(self.queue_id)

    def abandon(self, *, local_rewrite: bool) -> None:
        del local_rewrite
        self.discard()


class FakeIntake:
    """Takes messages; `refusal`: it does not. `open` holds the queue ids of messages neither taken nor dropped."""

    def __init__(self) -> None:
        self.taken: list[tuple[Submission, bytes]] = []
        self.open: set[str] = set()
        self.refusal: Reply | None = None
        self._numbers = count(1)

    def draft(self) -> FakeDraft:
        made = FakeDraft(f"Q{next(self._numbers):05d}", self)
        self.open.add(made.queue_id)
        return made


@dataclass
class Service:
    """The service: `connect` a client; what it logs is in `log`, what it took in `intake`."""

    settings: Settings
    listener: Listener
    intake: FakeIntake
    oracle: FakeOracle
    log: list[str]
    events: list[Event]

    @property
    def sessions(self) -> list[Session]:
        """The sessions under way."""
        return self.listener.sessions

    def connect(self, client: str = "192.0.2.7") -> Wire:
        """A client comes."""
        return Wire(self.listener.connection(), (client, 40000))


def service(
    main_cf: str = "",
    *,
    tables: Mapping[str, Mapping[str, str] | str] | None = None,
    zone: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    sasl: SaslServer | None = None,
    tls: ServerTls | None = None,
    free_space: Callable[[], int] = lambda: 10**12,
) -> Service:
    """Make a service. `names` maps client addresses to confirmed names; all others are unknown."""
    settings = Settings.parse(BASE + main_cf)
    own = OwnAddresses(frozenset({"127.0.0.1"}))
    program, findings = compile_program(settings, own)
    assert not [finding for finding in findings if finding.level.name == "ERROR"], findings
    oracle = FakeOracle({"regexp:{{/^[^A-Z]/ Bogus}}": NoLetter(), **(tables or {})}, zone)
    intake = FakeIntake()
    log: list[str] = []
    events: list[Event] = []

    def sink(tag: str, number: int, event: Event) -> None:
        del tag, number
        events.append(event)
        log.append(text(event))

    async def find_peer(address: str, port: str) -> tuple[Peer, Event | None]:
        name = (names or {}).get(address)
        if name is None:
            return Peer(address, port=port), None
        return Peer(address, name, name, NameStatus.OK, NameStatus.OK, port), None

    async def flush(domain: str) -> bool:
        return domain != "broken.example"

    resources = Resources(
        logger=Logger(sink),
        oracle=lambda _: oracle,
        find_peer=find_peer,
        intake=intake,
        limits=ClientLimits(make_table(1), 1, 0, settings.anvil_rate_time_unit.total_seconds()),
        number=partial(next, count(1000)),
        free_space=free_space,
        flush=flush,
        now=lambda: 1_000_000.0,
    )
    snapshot = ServiceSnapshot(
        name="smtp",
        settings=settings,
        own=own,
        decide=partial(decide, program),
        due=program.due,
        mode=server_tls_mode(settings),
        lists=SessionLists.of(settings),
        tls=tls,
        sasl=sasl,
        limits_clients=limits_clients(settings),
    )
    return Service(settings, Listener(snapshot, resources), intake, oracle, log, events)
