"""What results mean, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.mail.delivery import Forwarding, Result, Status
from gatepost.mail.envelope import Envelope, Notify, Recipient
from gatepost.queue.body import MemoryBody
from gatepost.queue.conclusion import conclude, outcome, postponed, softened
from gatepost.queue.record import Fate, Identity, MessageState, ReportKind, Row, RowState, StoredMessage
from gatepost.queue.retry import RetryPolicy
from gatepost.queue.rules import QueueRules

RULES = QueueRules(RetryPolicy(lifetime=1000, bounce_lifetime=500), double_bounce="double-bounce@mx.example")
SENT = Result(1, Status.SENT, "2.0.0", "250 ok")
DEFERRED = Result(1, Status.DEFERRED, "4.4.1", "no route")
BOUNCED = Result(1, Status.BOUNCED, "5.1.1", "no such user")


def row(
    number: int = 1,
    notify: Notify = Notify.DEFAULT,
    state: RowState = RowState.PENDING,
    result: Result | None = None,
    depth: int = 0,
) -> Row:
    address = f"{number}@example.com"
    return Row(number, Recipient(address, address, notify), state, depth, result)


def message(*rows: Row, sender: str = "a@b.example", warned: bool = False) -> StoredMessage:
    return StoredMessage(
        Identity(1, "A1"), Envelope(sender, ()), rows, MemoryBody(b""), 1000.0, 1000.0, 1000.0, warned=warned
    )


def test_what_is_delivered_is_done() -> None:
    assert outcome(row(), SENT, RULES).kept is None


@pytest.mark.parametrize(
    ("notify", "takes_dsn", "owed"),
    [
        (Notify.DEFAULT, False, False),
        (Notify.NEVER, False, False),
        (Notify.FAILURE | Notify.DELAY, False, False),
        (Notify.SUCCESS, False, True),
        (Notify.SUCCESS, True, False),
    ],
)
def test_a_success_is_reported_on_request(notify: Notify, takes_dsn: bool, owed: bool) -> None:
    result = replace(SENT, remote_takes_dsn=takes_dsn)
    kept = outcome(row(notify=notify), result, RULES).kept
    assert (kept is not None) is owed
    if kept is not None:
        assert (kept.state, kept.result) == (RowState.DELIVERED, result)


@pytest.mark.parametrize(
    ("notify", "warned", "confirms", "owed"),
    [
        (Notify.DEFAULT, True, True, True),
        (Notify.DELAY, True, True, True),
        (Notify.FAILURE, True, True, False),
        (Notify.DEFAULT, False, True, False),
        (Notify.DEFAULT, True, False, False),
    ],
)
def test_who_was_warned_of_a_delay_hears_of_its_end(notify: Notify, warned: bool, confirms: bool, owed: bool) -> None:
    kept = outcome(row(notify=notify), SENT, replace(RULES, confirms=confirms), warned=warned).kept
    assert owed is (kept is not None)


def test_a_failure_waits_for_its_report_and_a_deferral_for_its_time() -> None:
    failed = outcome(row(), BOUNCED, RULES).kept
    deferred = outcome(row(), DEFERRED, RULES).kept
    assert failed is not None
    assert deferred is not None
    assert (failed.state, failed.result) == (RowState.FAILED, BOUNCED)
    assert (deferred.state, deferred.result) == (RowState.PENDING, DEFERRED)


def test_soft_bounce_makes_failures_deferrals() -> None:
    rules = replace(RULES, soft_bounce=True)
    soft = softened(BOUNCED, rules)
    assert (soft.status, soft.dsn, soft.text) == (Status.DEFERRED, "4.1.1", "no such user")
    assert softened(SENT, rules) is SENT
    assert softened(BOUNCED, RULES) is BOUNCED


def test_a_recipient_turns_into_others_but_not_for_ever() -> None:
    new = Recipient("new@example.net", "1@example.com")
    result = replace(SENT, new_recipients=(new,))
    assert outcome(row(depth=3), result, RULES).expanded == ((new, 4),)
    loop = outcome(row(depth=50), result, RULES)
    assert loop.expanded == ()
    assert loop.kept is not None
    assert loop.kept.result is not None
    assert (loop.kept.state, loop.kept.result.dsn) == (RowState.FAILED, "5.4.6")
    assert loop.kept.result.text == "mail forwarding loop for 1@example.com"


def test_a_failing_mailbox_does_not_keep_the_message_from_the_addresses_beside_it() -> None:
    new = Recipient("new@example.net", "1@example.com")
    found = outcome(row(depth=3), replace(BOUNCED, new_recipients=(new,)), RULES)
    assert found.expanded == ((new, 4),)
    assert found.kept is not None
    assert found.kept.state is RowState.FAILED
    assert outcome(row(depth=50), replace(BOUNCED, new_recipients=(new,)), RULES).expanded == ()


def test_whoever_an_alias_passes_the_request_on_to_reports() -> None:
    passed_on = replace(SENT, new_recipients=(Recipient("n@e.net", "o@e.com", Notify.SUCCESS),))
    assert outcome(row(notify=Notify.SUCCESS), passed_on, RULES).kept is None
    kept_back = replace(SENT, new_recipients=(Recipient("n@e.net", "o@e.com"),))
    assert outcome(row(notify=Notify.SUCCESS), kept_back, RULES).kept is not None


def test_nobody_left() -> None:
    found = conclude(message(), RULES, 1001.0)
    assert (found.fate, found.orders, found.expired) == (Fate.REMOVE, (), False)


def test_deferred() -> None:
    given = message(row(1, result=DEFERRED), row(2, result=replace(DEFERRED, text="other")))
    found = conclude(given, RULES, 1010.0)
    assert found.fate is Fate.UPDATE
    assert found.orders == ()
    assert found.message == replace(given, state=MessageState.DEFERRED, due=1310.0, attempts=1, reason="no route")


@pytest.mark.parametrize(
    ("sender", "notify", "classes", "kinds"),
    [
        ("a@b.example", Notify.DEFAULT, "", [ReportKind.FAILURE]),
        ("a@b.example", Notify.FAILURE, "", [ReportKind.FAILURE]),
        ("a@b.example", Notify.SUCCESS, "", []),
        ("a@b.example", Notify.NEVER, "", []),
        ("a@b.example", Notify.DEFAULT, "bounce", [ReportKind.FAILURE, ReportKind.POSTMASTER]),
        ("a@b.example", Notify.DEFAULT, "2bounce", [ReportKind.FAILURE]),
        ("", Notify.DEFAULT, "", []),
        ("", Notify.DEFAULT, "2bounce", [ReportKind.POSTMASTER]),
        ("", Notify.DEFAULT, "bounce", [ReportKind.POSTMASTER]),
        ("", Notify.DEFAULT, "delay", []),
        ("double-bounce@mx.example", Notify.DEFAULT, "bounce 2bounce", []),
    ],
)
def test_who_hears_of_a_failure(sender: str, notify: Notify, classes: str, kinds: list[ReportKind]) -> None:
    failed = row(1, notify, RowState.FAILED, BOUNCED)
    found = conclude(message(failed, sender=sender), replace(RULES, notify=frozenset(classes.split())), 1001.0)
    assert found.fate is Fate.REMOVE
    assert [(order.kind, order.rows) for order in found.orders] == [(kind, (failed,)) for kind in kinds]
    assert found.discarded is sender.startswith("double-bounce")


def test_a_failure_is_reported_while_another_recipient_waits() -> None:
    failed, waiting = row(1, state=RowState.FAILED, result=BOUNCED), row(2, result=DEFERRED)
    found = conclude(message(failed, waiting), RULES, 1001.0)
    assert (found.fate, found.removed, found.message.rows) == (Fate.UPDATE, (1,), (waiting,))
    assert [(order.kind, order.rows) for order in found.orders] == [(ReportKind.FAILURE, (failed,))]


@pytest.mark.parametrize("state", [RowState.DELIVERED, RowState.EXPANDED])
def test_a_success_is_reported_to_somebody(state: RowState) -> None:
    done = row(1, Notify.SUCCESS, state, SENT)
    assert [order.kind for order in conclude(message(done), RULES, 1001.0).orders] == [ReportKind.SUCCESS]
    nobody = conclude(message(done, sender=""), RULES, 1001.0)
    assert (nobody.orders, nobody.unheard, nobody.fate) == ((), True, Fate.REMOVE)


@pytest.mark.parametrize(("sender", "age", "expired"), [("a@b.example", 999, False), ("a@b.example", 1000, True)])
def test_a_message_that_waited_for_too_long_has_failed(sender: str, age: float, expired: bool) -> None:
    wanted, unwanted = row(1, result=DEFERRED), row(2, Notify.SUCCESS, result=DEFERRED)
    found = conclude(message(wanted, unwanted, sender=sender), RULES, 1000 + age)
    assert found.expired is expired
    assert found.fate is (Fate.REMOVE if expired else Fate.UPDATE)
    reports = [(order.kind, order.rows, order.expired) for order in found.orders]
    assert reports == ([(ReportKind.FAILURE, (wanted,), True)] if expired else [])


def test_the_sender_is_warned_of_a_delay_about_those_who_ask() -> None:
    rules = replace(RULES, retry=replace(RULES.retry, warn_after=10))
    asks, silent, yes = row(1, result=DEFERRED), row(2, Notify.FAILURE, result=DEFERRED), row(3, Notify.DELAY)
    found = conclude(message(asks, silent, yes), rules, 1010.0)
    assert found.message.warned
    assert [(order.kind, order.rows) for order in found.orders] == [(ReportKind.DELAY, (asks, yes))]
    assert conclude(message(asks, warned=True), rules, 1010.0).orders == ()
    copied = conclude(message(asks), replace(rules, notify=frozenset({"delay"})), 1010.0)
    assert [order.kind for order in copied.orders] == [ReportKind.DELAY, ReportKind.POSTMASTER_DELAY]
    quiet = conclude(message(silent), rules, 1010.0)
    assert (quiet.orders, quiet.message.warned) == ((), True)


def test_a_report_that_cannot_be_made_puts_the_message_off() -> None:
    found = postponed(message(row()), RULES, "why", 2000.0)
    assert (found.state, found.due, found.reason, found.attempts) == (MessageState.DEFERRED, 2300.0, "why", 0)


@pytest.mark.parametrize("takes_dsn", [False, True])
@pytest.mark.parametrize("depth", [0, 50])
def test_the_usual_success_comes_to_the_same_on_the_short_way(
    monkeypatch: pytest.MonkeyPatch, depth: int, takes_dsn: bool
) -> None:
    other = Recipient("x@b.example", "x@b.example")
    results = [
        replace(SENT, remote_takes_dsn=takes_dsn, new_recipients=new, forwards=forwards)
        for new in ((), (other,))
        for forwards in ((), (Forwarding("", (other,)),))
    ]
    cases = [
        (row(notify=notify, depth=depth), result, replace(RULES, confirms=confirms), warned)
        for notify in (Notify.DEFAULT, Notify.NEVER, Notify.SUCCESS, Notify.DELAY)
        for result in results
        for confirms in (False, True)
        for warned in (False, True)
    ]
    short = [outcome(one, result, rules, warned=warned) for one, result, rules, warned in cases]
    monkeypatch.setattr("gatepost.queue.conclusion._is_usual", lambda *_: False)
    assert short == [outcome(one, result, rules, warned=warned) for one, result, rules, warned in cases]
