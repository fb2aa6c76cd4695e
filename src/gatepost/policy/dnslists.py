"""Asking DNS block and allow lists (RFC 5782), and the reply of `reject_rbl_client` and its kind."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from gatepost.mail.reply import Reply
from gatepost.oracle import UNANSWERED, DnsStatus
from gatepost.policy import templates
from gatepost.policy.access import fitting_status
from gatepost.policy.arguments import DnsList
from gatepost.policy.evaluation import Evaluation
from gatepost.policy.outcome import Refusal, Topic

REMEMBERED = 2000
"""Addresses whose reverse is kept: every list of addresses is asked for it."""

REASON_LIMIT = 500
"""Bytes of a list's TXT records that a reply quotes."""


TEMPLATE_NAMES: tuple[str, ...] = (
    *templates.SESSION_NAMES,
    "rbl_code",
    "rbl_domain",
    "rbl_what",
    "rbl_class",
    "rbl_txt",
    "rbl_reason",
)
"""What reply templates may mention."""


_NODATA = DnsStatus.NODATA


@lru_cache(REMEMBERED)
def reversed_address(address: str) -> str:
    """The address as lists are asked for it: octets, or nibbles, in reverse order (RFC 5782 sections 2.1 and 2.4)."""
    return ipaddress.ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


async def listed(evaluation: Evaluation, name: str, asked: DnsList) -> DnsStatus:
    """Whether the list has the name, with an address that counts: FOUND, NODATA, or TEMPFAIL where nobody knows."""
    answer = await evaluation.listed(f"{name}.{asked.domain}")
    if answer.records:
        return DnsStatus.FOUND if any(map(asked.accepts, answer.records)) else _NODATA
    return DnsStatus.TEMPFAIL if answer.status in UNANSWERED else _NODATA


async def refusal(evaluation: Evaluation, name: str, asked: DnsList, topic: Topic) -> Refusal:
    """The refusal of what is listed: the list's entry in `rbl_reply_maps`, else `default_rbl_reply`, filled in."""
    settings = evaluation.settings
    values = {
        **templates.session_values(
            evaluation.facts,
            client=evaluation.client,
            server_name=settings.myhostname,
            recipient=evaluation.facts.recipient,
        ),
        "rbl_code": str(settings.maps_rbl_reject_code),
        "rbl_domain": asked.domain,
        "rbl_what": topic.name,
        "rbl_class": topic.kind,
    }
    values["rbl_txt"] = values["rbl_reason"] = await _reason(evaluation, f"{name}.{asked.domain}")
    text = await _mapped(evaluation, asked, values)
    if text is None:
        text = _filled(evaluation, settings.default_rbl_reply, values)
    return _spelled(evaluation, text, topic)


async def _reason(evaluation: Evaluation, query: str) -> str:
    answer = await evaluation.oracle.dns(query, "TXT")
    text = " / ".join(answer.records)
    return text.encode("utf-8", "surrogateescape")[:REASON_LIMIT].decode("utf-8", "ignore")


async def _mapped(evaluation: Evaluation, asked: DnsList, values: dict[str, str]) -> str | None:
    """The reply from `rbl_reply_maps`, None where there is none, or none that can be filled in."""
    for table in evaluation.settings.rbl_reply_maps:
        template = await evaluation.oracle.lookup(table, asked.key)
        if template is None:
            continue
        try:
            return templates.fill(template, values, evaluation.program.expansion_filter)
        except (templates.UnknownNameError, templates.TemplateError) as error:
            evaluation.warn(str(error))
            evaluation.warn(f"rbl_reject_reply: bad rbl reply template for domain {asked.key}: {template}")
            return None
    return None


def _filled(evaluation: Evaluation, template: str, values: dict[str, str]) -> str:
    try:
        return templates.fill(template, values, evaluation.program.expansion_filter)
    except (templates.UnknownNameError, templates.TemplateError) as error:
        raise evaluation.misconfigured(
            str(error), f"rbl_reject_reply: bad default rbl reply template: {template}"
        ) from None


def _spelled(evaluation: Evaluation, text: str, topic: Topic) -> Refusal:
    """The refusal that a filled-in template spells: `CODE [DSN] TEXT`."""
    try:
        reply = Reply.parse(text)
    except ValueError:
        reply = None
    if reply is None or reply.code < 400 or not text[3:].startswith(" "):  # noqa: PLR2004 - what refuses
        evaluation.warn(f"rbl response code configuration error: {text}")
        return Refusal(450, "4.7.1", "Service unavailable")
    status = fitting_status(reply.dsn, topic, evaluation) if reply.dsn else f"{reply.code // 100}.7.1"
    return Refusal(reply.code, status, reply.lines[0])
