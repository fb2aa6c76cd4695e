"""Whole servers as processes, on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import site as sites


@pytest.fixture
def site() -> Iterator[sites.Site]:
    with sites.site() as made:
        yield made
