"""`gatepost run`: the server in the foreground."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from pathlib import Path

from gatepost.cli.main import add_directory
from gatepost.config.findings import Finding, errors, render
from gatepost.config.load import Configuration, survey
from gatepost.delivery.writers import helper_socket
from gatepost.mail.events import Warned
from gatepost.server.instance import Instance, InstanceError
from gatepost.server.limits import ClientLimits, make_table
from gatepost.server.logsink import make_sink
from gatepost.server.notify import Notifier
from gatepost.server.preload import preload
from gatepost.server.privileges import OwnerError, choose_owner
from gatepost.server.reload import private_files
from gatepost.server.startup import with_start_findings
from gatepost.server.supervisor import Ground, Supervisor
from gatepost.server.worker import Setting, help_deliver, work


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Start, serve until a signal, stop; the exit status."""
    directory: Path = arguments.directory.absolute()
    configuration = checked(directory)
    _show(configuration)
    settings = configuration.settings
    try:
        owner = choose_owner(settings.mail_owner, explicit=settings.is_set("mail_owner"))
        instance = Instance.of(settings)
        instance.prepare(owner)
        facility = settings.syslog_facility if settings.gatepost_log_target == "syslog" else ""
        sink = make_sink(settings.maillog_file, settings.gatepost_log_format, facility=facility)
        sink.give_to(owner)
        if owner is not None and owner.warning:
            sink("postfix/master", os.getpid(), Warned(owner.warning))
        control = os.open(instance.control, os.O_PATH | os.O_DIRECTORY)
        mailboxes = helper_socket(Path(f"/proc/self/fd/{control}"))  # short, however long the folder's path is
        workers = settings.gatepost_workers or len(os.sched_getaffinity(0))
        limits = make_table(workers)
        ground = Ground(
            instance=instance,
            sink=sink,
            workers=workers,
            load=functools.partial(checked, directory),
            private_files=functools.partial(private_files, owner=owner),
            work=functools.partial(work, setting=Setting(sink, owner, workers, limits, mailboxes)),
            bury=ClientLimits(limits, workers, 0, 0.0).clear,
            help=functools.partial(help_deliver, mailboxes, owner) if owner is not None else None,
            notifier=Notifier.of(os.environ),
        )
        preload()
        return Supervisor(configuration, ground).run()
    except (InstanceError, OwnerError) as error:
        print(f"gatepost: {error}", file=sys.stderr)
        return 1


def checked(directory: Path) -> Configuration:
    """The configuration, with everything looked at that could stop the start. Raises ConfigurationError."""
    return with_start_findings(survey(directory))


def _show(configuration: Configuration) -> None:
    findings: tuple[Finding, ...] = tuple(configuration.findings)
    if findings and not errors(findings):
        print(render(findings), file=sys.stderr, flush=True)
