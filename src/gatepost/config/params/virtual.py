"""Delivery to virtual mailboxes."""

from __future__ import annotations

from gatepost.config.param import integer, size, tables, text, words


class VirtualParameters:
    """Delivery to virtual mailboxes."""

    virtual_gid_maps = tables("", doc="Tables of the group that owns a virtual mailbox.")
    virtual_mailbox_base = text("", doc="The directory that all paths of `virtual_mailbox_maps` are below.")
    virtual_mailbox_limit = size("51200000", doc="The largest size of a virtual mailbox file; 0 is no limit.")
    virtual_mailbox_lock = words(
        "fcntl, dotlock", doc="How a virtual mailbox file is locked while mail is written to it."
    )
    virtual_mailbox_maps = tables("", doc="Tables of mailbox paths by address; with a `/` at its end, a Maildir.")
    virtual_minimum_uid = integer("100", doc="The least user id that a virtual mailbox may belong to.")
    virtual_uid_maps = tables("", doc="Tables of the user that owns a virtual mailbox.")
