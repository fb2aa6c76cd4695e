"""Commands and files that aliases and .forward files name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gatepost.delivery.accounts import Account
from gatepost.delivery.deposit import Deposit
from gatepost.delivery.localcommand import Errand
from gatepost.delivery.localmeans import LocalMeans
from gatepost.delivery.localrules import LocalRules
from gatepost.delivery.localtask import Task
from gatepost.mail.delivery import Result, Status
from gatepost.routing.aliases import Command, File, Include, Loop, Mailbox, Target

NULL_DEVICE = "/dev/null"


@dataclass(frozen=True, slots=True)
class Parts:
    """Delivers to them."""

    rules: LocalRules
    means: LocalMeans

    async def deliver(self, task: Task, target: Target, account: Account, *, is_user: bool) -> Result:
        """Deliver to one with the rights of an account, or say why that is not to be; `is_user`: see Errand."""
        match target:
            case Command(origin=origin) if origin.value not in self.rules.commands_from:
                return task.bounced("5.7.1", "mail to command is restricted", target.address)
            case File(origin=origin) if origin.value not in self.rules.files_from:
                return task.bounced("5.7.1", "mail to file is restricted", target.address)
            case File(path=path, address=address) if path == NULL_DEVICE:
                return task.result(Status.SENT, "2.0.0", f"delivered to file: {path}", address)
            case Command(command=command, address=address, owner=owner):
                return await self.means.commands.run(task, Errand(command, account, address, owner, is_user))
            case File():
                return await self._file(task, target, account)
            case Loop(name=name, address=address):
                return task.bounced("5.4.6", f"alias database loop for {name}", address)
            case Mailbox(address=address) | Include(address=address):
                raise AssertionError(f"{address} is no part")  # these are the caller's
            case _:
                raise AssertionError(f"{target} is no part")

    async def _file(self, task: Task, file: File, account: Account) -> Result:
        path, owner = file.path, file.owner
        recipient = task.recipient if owner is None else replace(task.recipient, original="")
        deposit = Deposit(
            task.row,
            recipient,
            self.rules.file(path, account),
            task.job.envelope.sender if owner is None else owner,
            task.relay,
            "5.2.0",
            f"cannot append message to file {path}: ",
            f"delivered to file: {path}",
            marked=self.rules.marks_files,
        )
        result = await self.means.mailboxes.put(task.job, deposit, task.emit)
        return replace(result, address="" if file.address == task.address else file.address)
