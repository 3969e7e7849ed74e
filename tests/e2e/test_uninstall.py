"""Uninstalling the addon and installing it again. Names carry the number of the fault
catalogue."""

import pytest
import requests

import process

from .platform import Platform
from .server import RpcError, Server

# a server whose configuration does not hold the addon fast
LOOSE = "--load=base,rpc,web,queue_job"
UNINSTALL = """
env["ir.config_parameter"].set_param("construction_sync_base.uninstall_allowed", "1")
module = env["ir.module.module"].search([("name", "=", "construction_sync_base")])
module.button_immediate_uninstall()
"""
BOOKS = {
    "plans": "SELECT id, name->>'en_US', parent_id FROM account_analytic_plan ORDER BY id",
    "accounts": "SELECT id, code, plan_id, company_id FROM account_analytic_account ORDER BY id",
    "orders": "SELECT id, name, state, amount_untaxed FROM purchase_order ORDER BY id",
    "order lines": "SELECT id, order_id, price_subtotal, qty_invoiced, analytic_distribution"
    " FROM purchase_order_line ORDER BY id",
    "journal items": "SELECT id, account_id, debit, credit, analytic_distribution"
    " FROM account_move_line ORDER BY id",
    "analytic items": "SELECT id, account_id, amount, move_line_id"
    " FROM account_analytic_line ORDER BY id",
}
PARAMETERS = (
    "SELECT key, value FROM ir_config_parameter WHERE key LIKE 'construction_sync_base.%plan_id'"
    " ORDER BY key"
)


@pytest.fixture
def server():
    running = Server(workers=2)
    try:
        yield running.start()
    finally:
        running.stop()


def books(server):
    return {name: server.psql(query) for name, query in BOOKS.items()}


def post_a_bill(server, order_id):
    server.execute("purchase.order", "action_create_invoice", [[order_id]])
    ((bill,),) = server.psql(
        "SELECT DISTINCT l.move_id FROM account_move_line l"
        " JOIN purchase_order_line p ON p.id = l.purchase_line_id WHERE p.order_id = %s",
        (order_id,),
    )
    server.execute("account.move", "write", [[bill], {"invoice_date": "2026-10-20"}])
    server.execute("account.move", "action_post", [[bill]])
    release(server, bill)


def release(server, bill):
    """Another person of Finance releases what the first one confirmed."""
    ((finance,),) = server.psql(
        "SELECT res_id FROM ir_model_data"
        " WHERE module = 'construction_sync_base' AND name = 'group_finance'"
    )
    account = {"login": "releaser", "password": "releaser-79"}
    user = account | {"name": "Releaser", "group_ids": [(4, finance)]}
    server.execute("res.users", "create", [[user]])
    session = requests.Session()
    for path, params in (
        ("/web/session/authenticate", account | {"db": server.db}),
        (
            "/web/dataset/call_kw/account.move/action_release",
            {"model": "account.move", "method": "action_release", "args": [[bill]], "kwargs": {}},
        ),
    ):
        call = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = session.post(server.url + path, json=call, timeout=120).json()
        assert "error" not in answer, answer


def order_of(server, platform):
    ((order_id,),) = server.psql(
        "SELECT res_id FROM construction_binding WHERE platform_id = %s AND object = 'commitment'",
        (platform.id,),
    )
    return order_id


def test_fault_79_a_database_with_evidence_is_not_uninstalled_in_passing(server):
    """Neither by the addon's own button nor by that of one it builds upon."""
    platform = Platform(server)
    platform.masters()
    for name in ("construction_sync_base", "purchase_stock"):
        (module,) = server.execute("ir.module.module", "search", [[("name", "=", name)]])
        with pytest.raises(RpcError):
            server.execute("ir.module.module", "button_uninstall", [[module]])
    states = "SELECT state FROM ir_module_module WHERE name = 'construction_sync_base'"
    assert server.psql(states) == [("installed",)]


def test_fault_79_uninstalled_and_installed_again(server):
    """The books stay as they are; plans, and the accounts of codes and types, are found
    again and not made twice; the platform's events are taken anew."""
    platform = Platform(server)
    platform.masters()
    order = platform.commitment()
    platform.send(order)
    platform.wait(order)
    post_a_bill(server, order_of(server, platform))
    before, parameters = books(server), server.psql(PARAMETERS)
    assert before["analytic items"] and len(parameters) == 2
    server.stop(keep=True)

    process.odoo_once("e2e.uninstall", server.db, LOOSE, script=UNINSTALL)
    left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'construction\\_%' AND relkind = 'r'"
    assert server.psql(left) == [(0,)]
    server.acknowledged.clear()  # the inbox went with the addon, as was asked for
    assert books(server) == before
    assert server.psql(PARAMETERS) == parameters

    process.odoo_once("e2e.reinstall", server.db, "-i", "construction_sync_base")
    assert server.psql(PARAMETERS) == parameters
    after = books(server)
    assert after == before
    server.start()
    server._session = None
    again = Platform(server, key="e2e-again")
    code = platform.cost_code(platform.code)
    again.send(code)
    again.wait(code)
    assert books(server)["accounts"] == before["accounts"], "the code has a second account"
