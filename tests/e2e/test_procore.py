"""Procore's ERP requests on a real server: posted with a static header, they end in native
documents."""

import uuid

import pytest
import requests

from tests.simulator import procore

from .platform import Platform
from .server import wait_for

JSON = {"Content-Type": "application/json"}


class Procore(Platform):
    """A platform that posts ERP requests with a token in a header."""

    def __init__(self, server):
        super().__init__(server)
        values = {"adapter": "procore", "auth_scheme": "static_header", "header_name": "X-Erp"}
        server.execute("construction.platform", "write", [[self.id], values])
        self.token = server.execute("construction.platform", "rotate_secret", [[self.id]])
        self.hooks = f"{server.url}/construction_sync/v1/{self.key}/webhooks"
        # ids and codes of its own, so that tests on one server do not meet
        self.base = uuid.uuid4().int % 10**15
        material = server.psql("SELECT id FROM construction_cost_type WHERE code = 'material'")
        row = {
            "platform_id": self.id,
            "kind": "cost_type",
            "external_value": "M",
            "res_model": "construction.cost.type",
            "res_id": material[0][0],
        }
        server.execute("construction.crosswalk", "create", [[row]])

    def hook(self, name, data, token=None, **more):
        payload = procore.request(name, data, **more)
        headers = JSON | {"X-Erp": token or self.token}
        answer = requests.post(self.hooks, procore.body(payload), headers=headers, timeout=60)
        return answer

    def told(self, name, data, **more):
        """Post a request and wait until all that came of it was applied."""
        answer = self.hook(name, data, **more)
        assert answer.status_code == 202, answer.text
        correlation = answer.json()["correlation_id"]
        return self.settled(correlation)

    def settled(self, correlation):
        def states():
            rows = self.server.psql(
                "SELECT type, state FROM construction_event"
                " WHERE platform_id = %s AND correlation_id = %s ORDER BY id",
                (self.id, correlation),
            )
            return rows if rows and all(state != "pending" for _type, state in rows) else None

        return wait_for(states, 120, 0.3, f"{correlation} is pending")

    @property
    def code(self):
        return f"P{self.base % 10**6}-300"

    def cost_code(self):
        return procore.cost_code(self.base + 3, self.code)

    def job(self, **over):
        number = f"P-{self.base}"
        return procore.job(self.base, [self.cost_code()], origin_code=number, **over)

    def vendor(self, vendor_id=None, name="Ready Mix"):
        vendor_id = vendor_id or self.base + 1
        return procore.vendor(vendor_id, name=f"{name} {vendor_id}", company=name)

    def commitment(self, amount="250.0", vendor_id=None, **over):
        items = [procore.item(self.base + 5, amount, cost_code=self.cost_code())]
        return procore.commitment(
            self.base + 4, items, self.base, vendor_id or self.base + 1, **over
        )

    def order(self):
        return self.server.psql(
            "SELECT o.state, o.amount_untaxed, o.commitment_type, o.commitment_number, p.name, o.id"
            " FROM construction_binding b JOIN purchase_order o ON o.id = b.res_id"
            " JOIN res_partner p ON p.id = o.partner_id"
            " WHERE b.platform_id = %s AND b.object = 'commitment' AND b.external_id = %s",
            (self.id, str(self.base + 4)),
        )

    def origin(self, object_name, external_id):
        rows = self.server.psql(
            "SELECT origin_id FROM construction_binding"
            " WHERE platform_id = %s AND object = %s AND external_id = %s",
            (self.id, object_name, str(external_id)),
        )
        return rows[0][0]


@pytest.fixture
def platform(server):
    return Procore(server)


def states(rows):
    return {state for _type, state in rows}


def test_requests_end_in_a_purchase_order(platform):
    rows = platform.told("create_or_update_job", platform.job())
    assert [kind.split(".")[1] for kind, _state in rows] == ["webhook", "job", "cost_code"]
    assert states(rows) == {"processed"}
    assert states(platform.told("create_vendor", platform.vendor())) == {"processed"}
    assert states(platform.told("create_commitment", platform.commitment())) == {"processed"}
    ((state, amount, kind, number, vendor, _id),) = platform.order()
    assert (state, float(amount), kind) == ("purchase", 250.0, "subcontract")
    assert number == f"SC-{platform.base + 4}" and vendor.startswith("Ready Mix")

    again = platform.commitment("275.5")
    later = {"at": "2026-03-05T10:00:00Z"}
    assert states(platform.told("create_commitment", again, **later)) == {"processed"}
    assert float(platform.order()[0][1]) == 275.5


def test_a_budget_names_its_codes_by_our_ids(platform):
    platform.told("create_or_update_job", platform.job())
    ours = platform.origin("job", platform.base)
    code = platform.origin("cost_code", platform.base + 3)
    costs = [(1, code, "M", 44.45)]
    budget = procore.budget(ours, costs, project=platform.base)
    assert states(platform.told("create_budget", budget)) == {"processed"}
    changed = procore.budget(
        ours, [(1, code, "M", 54.45)], [(9, "Erp::Change", 1, 10)], project=platform.base
    )
    later = {"at": "2026-03-05T10:00:00Z"}
    assert states(platform.told("update_budget", changed, **later)) == {"processed"}
    rows = platform.server.psql(
        "SELECT b.version, b.basis, b.state, l.amount FROM construction_budget b"
        " JOIN construction_budget_line l ON l.budget_id = b.id WHERE b.job_id = %s ORDER BY b.id",
        (int(ours),),
    )
    assert [(v, basis, state, float(amount)) for v, basis, state, amount in rows] == [
        ("2026-03-02", "original", "superseded", 44.45),
        ("2026-03-05", "current", "approved", 54.45),
    ]


def test_what_comes_too_early_waits(platform):
    rows = platform.told("create_commitment", platform.commitment())
    assert states(rows) == {"processed", "parked"}
    assert platform.order() == []
    platform.told("create_vendor", platform.vendor())
    platform.told("create_or_update_job", platform.job())
    wait_for(platform.order, 120, 0.3, "the commitment still waits")


def test_merge_link_and_unlink(platform):
    other = platform.base + 2
    platform.told("create_or_update_job", platform.job())
    platform.told("create_vendor", platform.vendor())
    platform.told("create_vendor", platform.vendor(other, "Precast"))
    # without any time of its own it has that of its arrival
    platform.told("merge_vendors", procore.merge(platform.base + 1, (other,)), at=None)
    platform.told("create_commitment", platform.commitment(vendor_id=other))
    assert platform.order()[0][4].startswith("Ready Mix"), "the one that stays"
    rows = platform.told("unlink_commitment", procore.unlink_commitment(platform.base + 4))
    assert states(rows) == {"processed"}
    later = {"at": "2026-03-05T10:00:00Z"}
    rows = platform.told("create_commitment", platform.commitment(vendor_id=other), **later)
    assert states(rows) == {"processed", "parked"}, "no second order beside the first"
    partner = platform.origin("vendor", platform.base + 1)
    rows = platform.told("link_vendor", procore.link(platform.base + 9, partner))
    assert states(rows) == {"processed", "parked"}, "two vendors do not share a partner"


def test_what_cannot_be_applied_says_so(platform):
    for name, data, text in (
        ("create_requisitions", {"requisitions": []}, "create_requisitions"),
        ("create_commitment", platform.commitment(status="Draft"), "not approved"),
    ):
        answer = platform.hook(name, data)
        assert answer.status_code == 202
        assert states(platform.settled(answer.json()["correlation_id"])) == {"parked"}
        rows = platform.server.psql(
            "SELECT i.message FROM construction_issue i WHERE i.platform_id = %s ORDER BY id DESC"
            " LIMIT 1",
            (platform.id,),
        )
        assert text in rows[0][0]


def test_the_door(platform):
    assert platform.hook("create_vendor", platform.vendor(), token="guess").status_code == 401
    payload = procore.body(procore.request("create_vendor", platform.vendor()))
    headers = JSON | {"X-Erp": platform.token}
    first, second = (
        requests.post(platform.hooks, payload, headers=headers, timeout=60) for _time in range(2)
    )
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["duplicates"] == 1
    kept = platform.server.psql(
        "SELECT headers FROM construction_delivery WHERE platform_id = %s", (platform.id,)
    )
    assert not any(platform.token in row[0] for row in kept)
