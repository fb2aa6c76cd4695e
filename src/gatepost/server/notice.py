"""The notice to the postmaster about a session in which the fault was ours (`notify_classes`)."""

from __future__ import annotations

from gatepost.mail.dates import local_date
from gatepost.mail.envelope import Envelope, Origin, Recipient
from gatepost.policy.outcome import Fault
from gatepost.queue.intake import Submission
from gatepost.server.session import Session
from gatepost.server.transcript import wanted


async def report(session: Session) -> None:
    """Tell the postmaster, if there is something to tell, and begin a new transcript."""
    settings, transcript = session.settings, session.transcript
    if transcript.fault is Fault.NONE:
        return
    due = transcript.fault & wanted(settings.notify_classes)
    transcript.fault = Fault.NONE
    if not due:
        return
    recipient = settings.error_notice_recipient
    header = (
        f"Date: {local_date(int(session.resources.now()))}\n"
        f"From: Mail Delivery System <MAILER-DAEMON>\n"
        f"To: Postmaster <{recipient}>\n"
        f"Subject: {settings.mail_name} SMTP server: errors from {session.client}\n\n"
    )
    draft = session.resources.intake.draft()
    draft.write((header + transcript.notice()).replace("\n", "\r\n").encode("utf-8", "surrogateescape"))
    transcript.reset()
    envelope = Envelope(settings.double_bounce_sender, (Recipient(recipient, recipient),), origin=Origin(is_local=True))
    await draft.commit(Submission(envelope, local_rewrite=True))  # one that is not taken was logged by the intake
