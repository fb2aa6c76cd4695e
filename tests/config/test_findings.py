"""How findings read."""

from __future__ import annotations

from gatepost.config.findings import ConfigurationError, Finding, Level, Place, errors, render

PLACE = Place("/etc/main.cf", 12, 10, "\tsmtpd = fiive")
WRONG = Finding("GP0012", Level.ERROR, "smtpd: 'fiive' is no number", PLACE, "write digits")
NOTE = Finding("GP0014", Level.NOTE, "biff has no effect")


def test_a_finding_shows_place_line_caret_and_hint() -> None:
    assert WRONG.render() == (
        "/etc/main.cf:12:10: error GP0012: smtpd: 'fiive' is no number\n"
        "    \tsmtpd = fiive\n"
        "    \t        ^\n"
        "    hint: write digits"
    )


def test_a_finding_without_place_is_one_line() -> None:
    assert "note GP0014: biff has no effect" == NOTE.render()


def test_all_findings_are_rendered_in_order() -> None:
    assert render([NOTE, WRONG]) == NOTE.render() + "\n" + WRONG.render()


def test_only_errors_stop_the_start() -> None:
    assert [WRONG] == errors([NOTE, WRONG])


def test_the_exception_holds_all_of_them() -> None:
    error = ConfigurationError(iter([NOTE, WRONG]))
    assert (NOTE, WRONG) == error.findings
    assert str(error) == render([NOTE, WRONG])
