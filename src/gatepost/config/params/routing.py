"""Address classes, routing, and the names the host answers to."""

from __future__ import annotations

from gatepost.config.param import NOTED, choice, domains, duration, hosts, strings, tables, text, words


class RoutingParameters:
    """Address classes, routing, and the names the host answers to."""

    default_transport = text("smtp", doc="Transport, and next hop if any, for domains that are none of ours.")
    default_transport_rate_delay = duration("0s", doc="The pause between deliveries by one transport.")
    empty_address_default_transport_maps_lookup_key = text(
        "<>", doc="What the null sender is looked up as in `sender_dependent_default_transport_maps`."
    )
    empty_address_relayhost_maps_lookup_key = text(
        "<>", doc="What the null sender is looked up as in `sender_dependent_relayhost_maps`."
    )
    inet_interfaces = words(
        "all",
        doc="The addresses that the server listens on and takes for its own: `all`, `loopback-only`, addresses, names.",
    )
    inet_protocols = words("all", doc="The IP versions in use: `all`, `ipv4`, `ipv6`.")
    local_recipient_maps = tables(
        "proxy:unix:passwd.byname $alias_maps",
        doc="Tables with all recipients in local domains; others are refused. Empty: all are taken.",
    )
    local_transport = text(
        "local:$myhostname", doc="Transport, and next hop if any, for `mydestination` and the host's own addresses."
    )
    mydestination = strings(
        "$myhostname, localhost.$mydomain, localhost", doc="The domains whose mail is delivered to local users."
    )
    mydomain = text(
        "localdomain",
        required=True,
        doc="The domain of this host; by default what follows the first dot of `myhostname`.",
    )
    myhostname = text(
        "localhost.localdomain", required=True, doc="The full name of this host; by default what the system says."
    )
    mynetworks = hosts(
        "", doc="Clients that are trusted, as by `permit_mynetworks`. By default derived from `mynetworks_style`."
    )
    mynetworks_style = choice(
        "${{$compatibility_level} <level {2} ? {subnet} : {host}}",
        "class",
        "subnet",
        "host",
        doc="What `mynetworks` is by default: this `host`, its `subnet`s, or its networks by `class`.",
    )
    myorigin = text(
        "$myhostname",
        required=True,
        doc="The domain of mail that is sent from here without one. A path names a file with the domain in its first line.",
    )
    parent_domain_matches_subdomains = words(
        "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps",
        doc="The lists in which a domain stands for its subdomains too.",
    )
    proxy_interfaces = words("", doc="Addresses at which proxies take mail for this host.")
    relay_domains = domains(
        "${{$compatibility_level} <level {2} ? {$mydestination} : {}}",
        doc="Domains, and their subdomains, whose mail is passed on to other servers.",
    )
    relay_recipient_maps = tables(
        "", doc="Tables with all recipients in `relay_domains`; others are refused. Empty: all are taken."
    )
    relay_transport = text("relay", doc="Transport, and next hop if any, for `relay_domains`.")
    relayhost = words(
        "",
        doc="The hosts to which mail for other domains is sent; `[host]` without MX lookup, `:port` for another port.",
    )
    relocated_maps = tables("", doc="Tables of users who have moved; mail to them bounces with the new address.")
    sender_dependent_default_transport_maps = tables(
        "", doc="Transports for certain senders, instead of `default_transport`."
    )
    sender_dependent_relayhost_maps = tables("", doc="Relay hosts for certain senders, instead of `relayhost`.")
    transport_maps = tables("", doc="Tables that give transport and next hop for addresses and domains.")
    transport_retry_time = duration("60s", support=NOTED, doc="How long a broken transport is left alone.")
    virtual_alias_domains = strings("$virtual_alias_maps", doc="Domains in which every address is an alias.")
    virtual_mailbox_domains = strings(
        "$virtual_mailbox_maps", doc="Domains whose recipients have mailboxes without having accounts."
    )
    virtual_transport = text("virtual", doc="Transport, and next hop if any, for `virtual_mailbox_domains`.")
