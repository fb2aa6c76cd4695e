"""Facts are a value, and subjects name what must be known."""

from __future__ import annotations

import pytest

from gatepost.mail.peer import Peer
from gatepost.policy.facts import Facts, Subject


def test_a_new_session_knows_only_its_client() -> None:
    known = Facts(peer=Peer("192.0.2.1"))
    assert (known.helo, known.sender, known.recipient, known.etrn_domain) == (None, None, None, None)


@pytest.mark.parametrize("subject", [subject for subject in Subject if subject is not Subject.SESSION])
def test_a_subject_names_a_fact(subject: Subject) -> None:
    assert subject.value in Facts._fields
