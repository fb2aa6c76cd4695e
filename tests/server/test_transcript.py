"""What the postmaster is shown of a session."""

from __future__ import annotations

from gatepost.mail.reply import Reply
from gatepost.policy.outcome import Fault
from gatepost.server.transcript import LINES, Transcript, wanted


def test_a_notice_shows_who_said_what() -> None:
    transcript = Transcript()
    transcript.said(Reply(250, "", ("mx.example", "DSN")))
    transcript.heard("MAIL FROM:<a\x07>")
    transcript.said(Reply.of(451, "4.3.5", "Server configuration error"))
    assert (
        "Transcript of session follows.\n\n"
        " Out: 250-mx.example\n"
        " Out: 250 DSN\n"
        " In:  MAIL FROM:<a?>\n"
        " Out: 451 4.3.5 Server configuration error\n"
        "\n\nFor other details, see the local mail logfile\n"
    ) == transcript.notice()


def test_long_lines_are_folded_as_postfix_folds_them() -> None:
    transcript = Transcript()
    transcript.said(Reply.of(554, "5.7.1", "<redirectbad@ohio.net>: Recipient address rejected: Access denied"))
    assert "rejected: Access\n     denied\n" in transcript.notice()
    transcript.reset()
    transcript.said(Reply.of(554, "5.7.1", "<filterbad@ohio.net>: Recipient address rejected: Access denied"))
    assert "rejected: Access denied\n" in transcript.notice()


def test_a_notice_says_why_a_session_ended_early() -> None:
    transcript = Transcript()
    transcript.end = "timeout"
    assert transcript.notice().endswith(
        "\nSession aborted, reason: timeout\n\nFor other details, see the local mail logfile\n"
    )


def test_a_transcript_forgets() -> None:
    transcript = Transcript()
    for number in range(3):
        transcript.heard(f"NOOP {number}")
    transcript.reset(3)
    assert "NOOP 0" in transcript.notice()
    transcript.reset(2)
    assert "NOOP" not in transcript.notice()
    for number in range(LINES + 1):
        transcript.heard(f"NOOP {number}x")
    assert "NOOP 0x" not in transcript.notice()


def test_what_is_wanted() -> None:
    assert Fault.SOFTWARE | Fault.RESOURCE == wanted(("resource", "software"))
    assert Fault.NONE == wanted(("bounce", "2bounce"))
