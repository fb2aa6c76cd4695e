"""What local delivery works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatepost.delivery.deposit import Mailboxes
from gatepost.delivery.forward import Forwards
from gatepost.delivery.include import Includes
from gatepost.delivery.localcommand import LocalCommands
from gatepost.mail.delivery import Agent
from gatepost.routing.aliases import Aliases


@dataclass(frozen=True, slots=True)
class LocalMeans:
    """The ways of one local agent. `others` are all agents, for mail that is passed on."""

    aliases: Aliases
    includes: Includes
    forwards: Forwards
    commands: LocalCommands
    mailboxes: Mailboxes
    others: Mapping[str, Agent]
