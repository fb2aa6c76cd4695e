"""Which .forward file counts."""

from __future__ import annotations

import asyncio

import pytest

from gatepost.delivery.accounts import Account
from gatepost.delivery.forward import Forwarded, ForwardRules, Forwards, PutOff
from gatepost.delivery.localtask import Task
from gatepost.delivery.userfile import Found
from gatepost.mail.envelope import Recipient
from tests.fakes.jobs import job
from tests.fakes.oracle import FakeOracle
from tests.fakes.rights import FakeRights

JOE = Account("joe", 1000, 1001, "/home/joe", "/bin/sh")
RECIPIENT = Recipient("joe@b.example", "joe@b.example")
TASK = Task(job(RECIPIENT), 1, RECIPIENT, FakeOracle(), lambda _: None, "local")
PATHS = ("$home/.forward${recipient_delimiter}${extension}", "$home/.forward")


def find(
    files: dict[str, Found | str], extension: str = "", paths: tuple[str, ...] = PATHS
) -> tuple[Forwarded | None, list[str]]:
    rights = FakeRights(files=files)
    rules = ForwardRules(paths, "abcdefghijklmnopqrstuvwxyz/.+")
    values = {"home": "/home/joe", "user": "joe", "extension": extension, "recipient_delimiter": "+"}
    found = asyncio.run(Forwards(rules, rights).find(TASK, JOE, values))
    return found, [file.path for file in rights.read_files]


def test_the_first_that_is_there_decides() -> None:
    files: dict[str, Found | str] = {"/home/joe/.forward+x": "a", "/home/joe/.forward": "b"}
    assert find(files, "x") == (Forwarded("a", extension=True), ["/home/joe/.forward+x"])
    assert find(files, "y") == (Forwarded("b"), ["/home/joe/.forward+y", "/home/joe/.forward"])
    assert find(files, "") == (Forwarded("b"), ["/home/joe/.forward+", "/home/joe/.forward"])


def test_none_at_all() -> None:
    assert find({})[0] is None
    assert find({}, paths=())[0] is None


def test_one_that_does_not_count_ends_the_search() -> None:
    files: dict[str, Found | str] = {"/home/joe/.forward+x": Found(trouble="why"), "/home/joe/.forward": "b"}
    assert find(files, "x") == (None, ["/home/joe/.forward+x"])


def test_what_comes_from_the_address_is_filtered() -> None:
    assert find({}, "A b$c`")[1][0] == "/home/joe/.forward+__b_c_"


def test_no_path_is_tried_twice() -> None:
    assert find({}, paths=("/f/$user", "/f/joe"))[1] == ["/f/joe"]


@pytest.mark.parametrize("paths", [("/f",), ("${home",)])
def test_what_cannot_be_looked_at_now_puts_off(paths: tuple[str, ...]) -> None:
    with pytest.raises(PutOff):
        find({"/f": Found(trouble="why", passing=True)}, paths=paths)
