"""How restrictions are registered and found."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from gatepost.policy import registry
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.facts import Subject
from gatepost.policy.outcome import Outcome
from gatepost.policy.registry import Restriction, find, known, restriction, similar


def test_names_are_found_in_any_case() -> None:
    found = find("Reject_Unknown_Client")
    assert found is not None
    assert found.name == "reject_unknown_client_hostname"
    assert find("no_such_thing") is None


def test_every_restriction_says_what_it_does() -> None:
    assert [name for name, found in known().items() if not found.doc.endswith((".", ")"))] == []


@pytest.mark.parametrize(
    ("name", "subject", "takes"),
    [
        ("permit", Subject.SESSION, ""),
        ("check_client_access", Subject.CLIENT, "Table"),
        ("reject_rbl_client", Subject.CLIENT, "DnsList"),
        ("sleep", Subject.SESSION, "Seconds"),
        ("check_recipient_mx_access", Subject.RECIPIENT, "Table"),
    ],
)
def test_what_a_restriction_is_about_and_takes(name: str, subject: Subject, takes: str) -> None:
    found = find(name)
    assert found is not None
    assert found.about is subject
    assert (found.argument.__name__ if found.argument else "") == takes


def test_a_name_has_one_meaning() -> None:
    async def permit(_evaluation: Evaluation) -> Outcome:
        return Outcome.PERMIT

    assert find("permit")
    with pytest.raises(ValueError, match="registered twice"):
        restriction("permit")(permit)


def test_misspelt_names() -> None:
    assert similar("reject_unauth_destinaton") == "reject_unauth_destination"
    assert similar("stirct", ["strict"]) == "strict"
    assert similar("xyzzy") == ""


def test_the_entry_point_group_is_declared() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)
    assert registry.ENTRY_POINTS in project["project"]["entry-points"]


def test_installed_packages_bring_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site's package names a module in the group; importing it registers what it has."""
    loaded = []

    class Entry:
        def load(self) -> None:
            loaded.append(self)

    monkeypatch.setattr(metadata, "entry_points", lambda *, group: [Entry()] if group == registry.ENTRY_POINTS else [])
    known.cache_clear()
    assert known() is not None
    assert len(loaded) == 1
    known.cache_clear()


def test_binding_an_argument() -> None:
    async def function(_evaluation: Evaluation) -> Outcome:
        return Outcome.DUNNO

    plain = Restriction("x", function, Subject.SESSION, None, "")
    assert plain.bind("x", None) is function
