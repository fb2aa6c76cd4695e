"""Address classes, routing, and the names the host answers to."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, choice, domains, duration, hosts, strings, tables, text, words


class RoutingParameters:
    """Address classes, routing, and the names the host answers to."""

    default_transport = text("smtp", doc="")
    default_transport_rate_delay = duration("0s", support=GUARDING, doc="")
    empty_address_default_transport_maps_lookup_key = text("<>", support=NOTED, doc="")
    empty_address_relayhost_maps_lookup_key = text("<>", support=NOTED, doc="")
    inet_interfaces = words("all", doc="")
    inet_protocols = words("all", doc="")
    local_recipient_maps = tables("proxy:unix:passwd.byname $alias_maps", doc="")
    local_transport = text("local:$myhostname", doc="")
    mydestination = strings("$myhostname, localhost.$mydomain, localhost", doc="")
    mydomain = text("localdomain", required=True, doc="")
    myhostname = text("localhost.localdomain", required=True, doc="")
    mynetworks = hosts("", doc="")
    mynetworks_style = choice(
        "${{$compatibility_level} <level {2} ? {subnet} : {host}}", "class", "subnet", "host", doc=""
    )
    myorigin = text("$myhostname", required=True, doc="")
    parent_domain_matches_subdomains = words(
        "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps",
        doc="",
    )
    proxy_interfaces = words("", doc="")
    relay_domains = domains("${{$compatibility_level} <level {2} ? {$mydestination} : {}}", doc="")
    relay_recipient_maps = tables("", doc="")
    relay_transport = text("relay", doc="")
    relayhost = words("", doc="")
    relocated_maps = tables("", support=GUARDING, doc="")
    sender_dependent_default_transport_maps = tables("", support=NOTED, doc="")
    sender_dependent_relayhost_maps = tables("", support=NOTED, doc="")
    transport_maps = tables("", doc="")
    transport_retry_time = duration("60s", support=NOTED, doc="")
    virtual_alias_domains = strings("$virtual_alias_maps", doc="")
    virtual_mailbox_domains = strings("$virtual_mailbox_maps", doc="")
    virtual_transport = text("virtual", doc="")
