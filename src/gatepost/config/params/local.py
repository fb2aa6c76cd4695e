"""Local delivery: aliases, mailboxes, commands."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, duration, integer, size, tables, text, words


class LocalParameters:
    """Local delivery: aliases, mailboxes, commands."""

    alias_database = tables(
        "hash:/etc/aliases",
        doc="The alias tables that `newaliases` rebuilds. Gatepost reads their source, so there is nothing to rebuild.",
    )
    alias_maps = tables(
        "hash:/etc/aliases, nis:mail.aliases", doc="Tables in aliases(5) form that say where mail for local names goes."
    )
    allow_mail_to_commands = words(
        "alias, forward", doc="Where an address may name a command: `alias`, `forward`, `include`."
    )
    allow_mail_to_files = words(
        "alias, forward", doc="Where an address may name a file: `alias`, `forward`, `include`."
    )
    biff = boolean("yes", support=NOTED, doc="Tell local users of new mail through the comsat service.")
    command_execution_directory = text("", raw=True, doc="Where commands of local delivery run.")
    command_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        doc="Characters that values in `mailbox_command` may keep.",
    )
    command_time_limit = duration("1000s", doc="How long a delivery to a command may take.")
    default_privs = text(
        "nobody", doc="The user whose rights deliveries to files and commands have when no other user is meant."
    )
    deliver_lock_attempts = integer("20", minimum=1, doc="How often a mailbox lock is tried.")
    deliver_lock_delay = duration("1s", doc="Time between two tries for a mailbox lock.")
    execution_directory_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        doc="Characters that values in `command_execution_directory` may keep.",
    )
    expand_owner_alias = boolean("no", doc="Use what `owner-name` expands to as the sender, rather than the name.")
    fallback_transport = text("", doc="The transport for local recipients that have neither alias nor account.")
    fallback_transport_maps = tables("", doc="Transports for single recipients that have neither alias nor account.")
    forward_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        doc="Characters that values in `forward_path` may keep.",
    )
    forward_path = words(
        "$home/.forward${recipient_delimiter}${extension}, $home/.forward",
        raw=True,
        doc="Where a user's .forward file is.",
    )
    frozen_delivered_to = boolean(
        "yes", support=NOTED, doc="Look for loops in Delivered-To headers as they came in only."
    )
    home_mailbox = text(
        "", doc="Mailbox of a local user within the home directory; with a `/` at its end it is a Maildir."
    )
    local_command_shell = text("", doc="The shell for deliveries to commands.")
    luser_relay = text("", raw=True, doc="Address that gets mail for local recipients that do not exist.")
    mail_spool_directory = text("/var/mail", doc="Where local users' mailboxes are; with a `/` at its end, Maildirs.")
    mailbox_command = text("", raw=True, doc="A command that gets all mail for local users.")
    mailbox_command_maps = tables("", doc="Such commands for single users.")
    mailbox_delivery_lock = words("fcntl, dotlock", doc="How a mailbox is locked while mail is written to it.")
    mailbox_size_limit = size("51200000", doc="The largest size of a mailbox file; 0 is no limit.")
    mailbox_transport = text("", doc="The transport that delivers all mail for local users, after aliases.")
    mailbox_transport_maps = tables("", doc="Such transports for single users.")
    owner_request_special = boolean(
        "yes", doc="Treat `owner-name` and `name-request` as names of their own, not as `name` with an extension."
    )
    prepend_delivered_header = words(
        "command, file, forward", doc="Deliveries that add a Delivered-To header: command, file, forward."
    )
    propagate_unmatched_extensions = words(
        "canonical, virtual", doc="Lookups that carry an address extension over to their result."
    )
    require_home_directory = boolean("no", doc="Defer mail for a local user whose home directory is missing.")
    reset_owner_alias = boolean("no", doc="Give mail to aliases without an owner its own owner again.")
    stale_lock_time = duration("500s", doc="Age from which a mailbox lock counts as left behind.")
    strict_mailbox_ownership = boolean("yes", doc="Defer mail for a mailbox file that its recipient does not own.")
    sun_mailtool_compatibility = boolean("no", support=NOTED, doc="Lock mailboxes for a mail program of the past.")
