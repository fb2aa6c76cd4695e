"""Local delivery: aliases, mailboxes, commands."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, duration, integer, size, tables, text, words


class LocalParameters:
    """Local delivery: aliases, mailboxes, commands."""

    alias_database = tables("hash:/etc/aliases", doc="")
    alias_maps = tables("hash:/etc/aliases, nis:mail.aliases", doc="")
    allow_mail_to_commands = words("alias, forward", support=GUARDING, doc="")
    allow_mail_to_files = words("alias, forward", support=GUARDING, doc="")
    biff = boolean("yes", doc="")
    command_execution_directory = text("", raw=True, support=NOTED, doc="")
    command_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", support=NOTED, doc=""
    )
    command_time_limit = duration("1000s", support=NOTED, doc="")
    default_privs = text("nobody", doc="")
    deliver_lock_attempts = integer("20", minimum=1, doc="")
    deliver_lock_delay = duration("1s", doc="")
    execution_directory_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", support=NOTED, doc=""
    )
    expand_owner_alias = boolean("no", doc="")
    fallback_transport = text("", support=NOTED, doc="")
    fallback_transport_maps = tables("", support=NOTED, doc="")
    forward_expansion_filter = text(
        "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", support=NOTED, doc=""
    )
    forward_path = words(
        "$home/.forward${recipient_delimiter}${extension}, $home/.forward", raw=True, support=NOTED, doc=""
    )
    frozen_delivered_to = boolean("yes", doc="")
    home_mailbox = text("", doc="")
    local_command_shell = text("", support=NOTED, doc="")
    luser_relay = text("", raw=True, support=NOTED, doc="")
    mail_spool_directory = text("/var/mail", doc="")
    mailbox_command = text("", raw=True, support=GUARDING, doc="")
    mailbox_command_maps = tables("", support=GUARDING, doc="")
    mailbox_delivery_lock = words("fcntl, dotlock", doc="")
    mailbox_size_limit = size("51200000", doc="")
    mailbox_transport = text("", support=GUARDING, doc="")
    mailbox_transport_maps = tables("", support=GUARDING, doc="")
    owner_request_special = boolean("yes", doc="")
    prepend_delivered_header = words("command, file, forward", doc="")
    propagate_unmatched_extensions = words("canonical, virtual", doc="")
    require_home_directory = boolean("no", support=NOTED, doc="")
    reset_owner_alias = boolean("no", doc="")
    stale_lock_time = duration("500s", doc="")
    strict_mailbox_ownership = boolean("yes", support=NOTED, doc="")
    sun_mailtool_compatibility = boolean("no", support=NOTED, doc="")
