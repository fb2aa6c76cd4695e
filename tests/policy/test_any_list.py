"""Whatever a list says, a client says and tables answer: there is a verdict, never an exception."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.mail.peer import Login, NameStatus, Peer
from gatepost.oracle import DnsAnswer, DnsStatus, LookupFailed
from gatepost.policy.evaluation import REPLY_LIMIT
from gatepost.policy.facts import Stage
from gatepost.policy.outcome import Outcome
from gatepost.policy.registry import known
from tests.fakes.oracle import FakeOracle
from tests.fakes.policy import decided, facts, program

WORDS = st.sampled_from(
    [
        *sorted(known()),
        *("warn_if_reject", "loop", "hash:/t", "zen.example", "zen.example=127.0.0.[1..9]", "3", "no_such_name"),
    ]
)
VALUES = st.sampled_from(
    ["OK", "REJECT", "DEFER_IF_PERMIT", "DEFER_IF_REJECT x", "DISCARD", "HOLD", "550 5.1.1 é", "loop", "reject, permit"]
) | st.text(max_size=12)
TEXTS = st.text(max_size=20) | st.sampled_from(["", "a@b.example", "@", "a@[192.0.2.1]", "a%b@ohio.net", "x@ohio.net"])


class AnyOracle(FakeOracle):
    """Draws its answers."""

    def __init__(self, data: st.DataObject) -> None:
        super().__init__()
        self.draw = data.draw

    async def lookup(self, table: str, key: str) -> str | None:
        if self.draw(st.integers(0, 9)) == 0:
            raise LookupFailed(table, key, "drawn")
        return self.draw(st.none() | VALUES)

    async def dns(self, name: str, rtype: str) -> DnsAnswer:
        self.asked.append(f"{name} {rtype}")
        status = self.draw(st.sampled_from(DnsStatus))
        if status is not DnsStatus.FOUND:
            return DnsAnswer(status, reason="drawn")
        record = {"MX": "10 mx.example", "TXT": "text\x00", "NS": "ns.example", "AAAA": "2001:db8::1"}
        return DnsAnswer(status, (record.get(rtype, "127.0.0.2"),))


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(WORDS, max_size=6),
    inner=st.lists(WORDS, min_size=1, max_size=3),
    stage=st.sampled_from(Stage),
    delay=st.booleans(),
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    data=st.data(),
)
def test_there_is_always_a_verdict(
    words: list[str],
    inner: list[str],
    stage: Stage,
    delay: bool,
    texts: tuple[str, str, str],
    data: st.DataObject,
) -> None:
    lists = " ".join(words)
    compiled = program(
        "smtpd_sasl_auth_enable = yes\nsmtpd_sender_login_maps = hash:/t\nsmtpd_reject_unlisted_sender = yes\n"
        f"smtpd_restriction_classes = loop\nloop = {' '.join(inner)}\nsmtpd_delay_reject = {'yes' if delay else 'no'}\n"
        + "".join(
            f"smtpd_{name}_restrictions = {lists}\n"
            for name in ("client", "helo", "sender", "recipient", "data", "end_of_data", "etrn")
        )
    )
    helo, sender, recipient = texts
    asked = facts(
        stage,
        peer=Peer("192.0.2.50", "c.example", "r.example", data.draw(st.sampled_from(NameStatus))),
        login=data.draw(st.sampled_from([None, Login("PLAIN", "kibuna")])),
        helo=helo,
        sender=sender,
        recipient=recipient,
        sasl_active=True,
    )
    answer = decided(compiled, asked, AnyOracle(data), stage=stage)
    assert (answer.verdict.outcome is Outcome.REJECT) == (answer.verdict.reply is not None)
    if answer.verdict.reply:
        assert answer.verdict.reply.code in range(400, 600)
        assert answer.verdict.reply.dsn[0] == str(answer.verdict.reply.code)[0]
        assert len(answer.reply.encode()) <= REPLY_LIMIT
        assert answer.reply.isprintable()
