"""Transactions beside the one that is under way: what has to be seen by every worker at once,
and stays whatever becomes of the work it was done for."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, TRANSACTION_STATUS_IDLE


@contextmanager
def own_transaction(env):
    """An environment of the superuser on a cursor of its own, READ COMMITTED, committed at the
    end. In a test that shares one connection its isolation is left alone: setting it would end
    the test's transaction."""
    with env.registry.cursor() as cr:
        if cr.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        yield api.Environment(cr, SUPERUSER_ID, {})
