import pytest

from tests.e2e.platform import Platform
from tests.e2e.test_process_faults import OPTIONS

from .supervised import Supervised

# two drains of a lane at a time, so that one can take over from another
CHANNELS = "root:3,root.construction:3,root.construction.standard:2"


@pytest.fixture(scope="module")
def server():
    """A server with the probe addon that comes back when it is killed; its log may say so."""
    running = Supervised(
        workers=3, options=OPTIONS, environment={"ODOO_QUEUE_JOB_CHANNELS": CHANNELS}
    )
    try:
        running.start(timeout=240)
        running.options = OPTIONS[:1]  # installed once is enough, this server restarts
        yield running
    finally:
        running.stop()


@pytest.fixture
def platform(server):
    return Platform(server)
