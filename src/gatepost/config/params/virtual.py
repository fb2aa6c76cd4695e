"""Delivery to virtual mailboxes."""

from __future__ import annotations

from gatepost.config.param import integer, size, tables, text, words


class VirtualParameters:
    """Delivery to virtual mailboxes."""

    virtual_gid_maps = tables("", doc="")
    virtual_mailbox_base = text("", doc="")
    virtual_mailbox_limit = size("51200000", doc="")
    virtual_mailbox_lock = words("fcntl, dotlock", doc="")
    virtual_mailbox_maps = tables("", doc="")
    virtual_minimum_uid = integer("100", doc="")
    virtual_uid_maps = tables("", doc="")
