"""What the runner is given."""

from __future__ import annotations

from gatepost.queue.plan import Route
from gatepost.routing.router import AddressClass
from gatepost.routing.router import Route as Routed


def test_the_routers_routes_are_what_the_runner_wants() -> None:
    route: Route = Routed("smtp", "example.com", "x@example.com", AddressClass.DEFAULT)
    assert (route.transport, route.nexthop, route.recipient) == ("smtp", "example.com", "x@example.com")
