"""Envelope values."""

from __future__ import annotations

from gatepost.mail.envelope import Envelope, Notify, Origin, Recipient, Ret


def test_defaults_say_that_the_sender_asked_for_nothing() -> None:
    envelope = Envelope("a@b", (Recipient("c@d", "c@d"),))
    assert envelope.ret is Ret.UNSET
    assert envelope.recipients[0].notify == Notify.DEFAULT
    assert not envelope.recipients[0].notify
    assert Origin() == envelope.origin


def test_notify_values_combine() -> None:
    wanted = Notify.SUCCESS | Notify.DELAY
    assert Notify.DELAY in wanted
    assert Notify.FAILURE not in wanted
