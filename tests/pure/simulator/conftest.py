"""A Procore simulator of its own for each test, and an integration that calls it."""

import pytest

from tests.pure.simulator.procore_caller import Caller, Receiver
from tests.simulator.procore_server import Clock, ProcoreServer
from tests.simulator.procore_server.store import COMPANY

NOON = 1_793_880_000.0  # 5 November 2026, 12:00 UTC


@pytest.fixture
def world():
    with ProcoreServer(Clock(NOON), delivery_timeout=1.0) as server:
        yield server
        assert not server.errors, server.errors[0]


@pytest.fixture
def caller(world):
    return Caller(world.url)


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def project(world):
    """A project of the company."""
    return world.store.add("projects", {"name": "North Tower", "active": True, "_company": COMPANY})
