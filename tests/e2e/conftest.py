import pytest

from .server import Server


@pytest.fixture(scope="session")
def server():
    """One server for all tests that leave it as they found it. Its log must stay clean."""
    running = Server()
    try:
        yield running.start()
        # Expected: werkzeug's own complaint when a client stalls in the middle of a body
        # (fault 22; what fails in Odoo is logged by odoo.http), and the lost race for the
        # row when two people replay one event (fault 80), which Odoo logs and retries; headers
        # beyond the limit (fault 35), which werkzeug refuses by itself, and the partner that a
        # person saved while an event waited for it (fault 55), which is tried again.
        expected = (
            "werkzeug: Error on request",
            "FOR UPDATE SKIP LOCKED",
            "code 431, message",
            'UPDATE \\"res_partner\\" SET" …: "could not serialize access',
        )
        unexpected = running.errors(*expected)
    finally:
        running.stop()
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def new_server():
    """Makes servers of their own for tests that kill one or need other options:
    `new_server(workers=2, options=[…], environment={…})`, already started."""
    made = []

    def make(**settings):
        made.append(Server(**settings))
        return made[-1].start()

    yield make
    for running in made:
        running.stop()
