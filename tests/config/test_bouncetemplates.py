"""Templates of reports, as bounce(5) of Postfix describes the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config.bouncetemplates import DELAY, FAILURE, SUCCESS, Templates, parse_templates, templates_of
from gatepost.config.settings import Settings

SETTINGS = Settings.parse(
    "myhostname = mx.example\nmydomain = example\ndelay_warning_time = 4h\nsupport = help@$mydomain\n"
)

GOOD = """\
# our own words

failure_template = <<EOF
Charset: utf-8
FROM: The Post <post>
subject: Came back
Postmaster-Subject: One came back

Hello from ${myhostname}; it costs $$5. Ask $support.
  zwölf
# no comment here
EOF

delay_template = <<END
Subject: slow

Waited $delay_warning_time_hours hours, will wait $maximal_queue_lifetime_days days.$unknown
END
verify_template = <<EOF
Subject: nobody asks

x
EOF
"""


def test_a_file_replaces_what_it_names() -> None:
    templates, findings = parse_templates(GOOD, "bounce.cf", SETTINGS)
    assert [] == findings
    failure = templates.failure
    assert ("utf-8", "The Post <post>", "Came back", "One came back") == (
        failure.charset,
        failure.sender,
        failure.subject,
        failure.postmaster_subject,
    )
    shown = "Hello from mx.example; it costs $5. Ask help@example.\n  zwölf\n# no comment here\n"
    assert shown == failure.shown(SETTINGS)
    assert "Waited 4 hours, will wait 5 days.\n" == templates.delay.shown(SETTINGS)
    assert (DELAY.sender, DELAY.charset) == (templates.delay.sender, templates.delay.charset)
    assert SUCCESS == templates.success


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("failure_template = <<EOF\nSubject: Zurück\n\nx\nEOF", 2, "header Subject is not ASCII", "ASCII"),
        ("failure_template = <<EOF\nReply-To: x\n\nx\nEOF", 2, "no header like 'Reply-To: x'", "Charset, From"),
        ("failure_template = <<EOF\nSubject: x\nEOF", 2, "it has no text", "empty line"),
        ("failure_template = <<EOF\n\nzwölf\nEOF", 2, "the text is not ASCII", "Charset: utf-8"),
        ("failure_template = <<EOF\n\nx", 1, "failure_template has no end", "a line that is EOF"),
        ("failure_template = <<EOF\n\nhello ${my\nEOF", 3, "failure_template is not used", "$$"),
        ("failure = <<EOF\n\nx\nEOF", 1, "there is no failure", "failure_template"),
        ("failure_template = EOF", 1, "this begins no template", "failure_template = <<EOF"),
        ("\nnonsense", 2, "this begins no template", "failure_template = <<EOF"),
    ],
)
def test_what_is_wrong_is_not_used_and_is_told(text: str, line: int, message: str, hint: str) -> None:
    templates, findings = parse_templates(text, "bounce.cf", SETTINGS)
    finding = findings[0]
    assert FAILURE == templates.failure
    assert finding.place is not None
    assert ("GP0110", "bounce.cf", line) == (finding.id, finding.place.file, finding.place.line)
    assert message in finding.message
    assert hint in finding.hint


def test_a_time_that_is_too_short_for_its_unit_is_told() -> None:
    text = "delay_template = <<EOF\n\nsince $delay_warning_time_days days\nEOF"
    templates, (finding,) = parse_templates(text, "bounce.cf", SETTINGS)
    assert "since 0 days\n" == templates.delay.shown(SETTINGS)
    assert "delay_template says 0 days for delay_warning_time = 4h" == finding.message
    assert finding.place is not None
    assert 3 == finding.place.line


def test_a_site_without_a_file_has_the_built_in_texts() -> None:
    assert (Templates(), []) == templates_of(SETTINGS)
    assert "at host mx.example." in FAILURE.shown(SETTINGS)
    assert "is 5 days old" in DELAY.shown(SETTINGS)


def test_a_file_that_cannot_be_read_is_told() -> None:
    settings = Settings.parse("bounce_template_file = /none/bounce.cf\n")
    templates, (finding,) = templates_of(settings)
    assert Templates() == templates
    assert "/none/bounce.cf cannot be read; the built-in texts are used" == finding.message


def test_the_file_comes_with_the_settings() -> None:
    settings = Settings.parse("bounce_template_file = /etc/b.cf\n").with_files({"/etc/b.cf": GOOD})
    assert "Came back" == templates_of(settings)[0].failure.subject


@given(st.text(alphabet="failure_template =<EOF\n:$#{}xäSubject", max_size=300))
def test_no_text_stops_reports(text: str) -> None:
    """Whatever the file says, each template can be shown."""
    templates, _ = parse_templates(text, "bounce.cf", SETTINGS)
    for template in (templates.failure, templates.delay, templates.success):
        assert template.shown(SETTINGS) is not None


def test_what_is_shown_can_be_read_again() -> None:
    templates, _ = parse_templates(GOOD, "bounce.cf", SETTINGS)
    again, findings = parse_templates(templates.render(), "again.cf", SETTINGS)
    assert [] == findings
    assert templates.render(SETTINGS) == again.render(SETTINGS)
    assert "Hello from mx.example; it costs $5." in templates.render(SETTINGS)
