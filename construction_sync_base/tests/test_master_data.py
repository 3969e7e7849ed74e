"""customer, item, phase, location and employee.upserted."""

import psycopg2
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .domain import DomainCase


class MasterCase(DomainCase):
    def upsert(self, object_name, external_id, **data):
        data = {"external_id": external_id, **data}
        return self.event(f"{object_name}.upserted", data=data)

    def customer(self, external_id="O1", **over):
        return self.upsert("customer", external_id, **({"name": f"Owner {external_id}"} | over))

    def item(self, external_id="I1", **over):
        data = {"code": f"IT-{external_id}", "name": "Anchor bolt", "uom": "ea", "stocked": False}
        return self.upsert("item", external_id, **(data | over))

    def place(self, external_id="P1", object_name="location", **over):
        data = {"code": external_id, "name": f"Place {external_id}", "kind": "area"}
        return self.upsert(object_name, external_id, **(data | over))

    def employee(self, external_id="E1", **over):
        return self.upsert(
            "employee", external_id, **({"number": f"N-{external_id}", "name": "Ann Lee"} | over)
        )

    def map_issue(self, event, **target):
        issue = self.stored(event["id"]).issue_ids.filtered("blocking")[:1]
        self.env["construction.issue.map"].create({"issue_id": issue.id, **target}).action_map()
        self.drain()


@tagged("post_install", "-at_install")
class TestCustomers(MasterCase, TransactionCase):
    def test_created_and_found_by_the_job(self):
        address = {"street": "1 A St", "city": "Pueblo", "zip": "1", "state": "CO", "country": "US"}
        self.process(self.customer(vat="12-34", email="ap@owner.example", address=address))
        owner = self.bound("customer", "O1")
        self.assertTrue(owner.is_company and owner.customer_rank)
        self.assertEqual((owner.state_id.code, owner.company_id.id), ("CO", False))
        job = self.job_data(customer={"external_id": "O1", "name": "another spelling"})
        self.process(self.event("job.upserted", data=job))
        self.assertEqual(self.bound("job", "J1").partner_id, owner)

    def test_by_tax_id_then_by_name_where_allowed(self):
        partner = self.env["res.partner"].create(
            {"name": "City of Pueblo", "vat": "1234", "is_company": True}
        )
        self.process(self.customer("O1", vat="12-34", name="Pueblo, City of"))
        self.assertEqual(self.bound("customer", "O1"), partner)
        self.process(self.customer("O2", name="Pueblo, City of"))
        self.assertNotEqual(self.bound("customer", "O2"), partner)
        self.policy("customer", match_by_name=True)
        other = self.env["res.partner"].create({"name": "County Fund", "is_company": True})
        self.process(self.customer("O3", name="COUNTY fund"))
        self.assertEqual(self.bound("customer", "O3"), other)

    def test_a_vendor_may_be_a_customer_too(self):
        self.process(self.event("vendor.upserted", data=self.vendor_data("V1", vat="12-34")))
        self.process(self.customer(vat="1234"))
        self.assertEqual(self.bound("customer", "O1"), self.bound("vendor", "V1"))

    def test_two_that_fit_are_a_question(self):
        partners = self.env["res.partner"].create(
            [{"name": name, "vat": "1234", "is_company": True} for name in "AB"]
        )
        event = self.customer(vat="12-34")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.map_issue(event, partner_id=partners[1].id)
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("customer", "O1"), partners[1])

    def test_two_new_ones_of_one_tax_id(self):
        one, two = self.customer("O1", vat="12-34"), self.customer("O2", vat="1234")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_who_was_invoiced_is_not_overwritten(self):
        self.process(self.customer(name="Owner", vat="12-34", email="a@o.example"))
        owner = self.bound("customer", "O1")
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": owner.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "x", "price_unit": 1, "account_id": self.income.id, "tax_ids": []}
                    )
                ],
            }
        ).action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=owner.invoice_ids.ids
        ).create({}).action_create_payments()
        event = self.customer(name="Evil", vat="66", email="e@e.example", phone="5")
        self.process(event)
        self.assertEqual((owner.name, owner.vat, owner.email), ("Owner", "12-34", "a@o.example"))
        self.assertEqual(owner.phone, "5")
        self.assertEqual(self.issues(event["id"]).category, "ownership_conflict")

    def test_payment_terms(self):
        term = self.env["account.payment.term"].create({"name": "Net 60"})
        event = self.customer(payment_terms="N60")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.map_issue(event, payment_term_id=term.id)
        self.assertEqual(self.bound("customer", "O1").property_payment_term_id, term)


@tagged("post_install", "-at_install")
class TestItems(MasterCase, TransactionCase):
    def test_created_without_a_stock(self):
        self.process(self.item())
        product = self.bound("item", "I1")
        self.assertEqual((product.default_code, product.name), ("IT-I1", "Anchor bolt"))
        self.assertFalse(product.is_storable)
        self.assertFalse(product.sale_ok)
        self.process(self.item("I2", stocked=True))
        self.assertTrue(self.bound("item", "I2").is_storable)

    def test_found_by_internal_reference(self):
        product = self.env["product.product"].create({"name": "Bolt", "default_code": "IT-I1"})
        self.process(self.item(name="Anchor bolt M20"))
        self.assertEqual(self.bound("item", "I1"), product)
        self.assertEqual(product.name, "Anchor bolt M20")

    def test_two_with_one_reference_are_a_question(self):
        products = self.env["product.product"].create(
            [{"name": name, "default_code": "IT-I1"} for name in "AB"]
        )
        event = self.item()
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.map_issue(event, product_id=products[0].id)
        self.assertEqual(self.bound("item", "I1"), products[0])

    def test_two_new_ones_of_one_code_in_a_batch(self):
        one, two = self.item("I1", code="X"), self.item("I2", code="X")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_units_and_taxes_are_mapped(self):
        event = self.item(uom="bushel", tax_code="CO-7")
        self.apply(event)
        categories = self.stored(event["id"]).issue_ids.mapped("category")
        self.assertEqual(categories, ["unmapped_reference"] * 2)

    def test_fault_67_a_mapping_to_what_was_archived(self):
        hour = self.env.ref("uom.product_uom_hour")
        hour.active = False
        event = self.item(uom="hr")
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        hour.active = True
        self.stored(event["id"]).action_replay("reactivated")
        self.drain()
        self.assertEqual(self.bound("item", "I1").uom_id, hour)

    def test_every_unit_that_is_mapped_from_the_start_can_be_used(self):
        mapped = self.env["construction.crosswalk"].search([("kind", "=", "uom")])
        units = self.env["uom.uom"].browse(mapped.mapped("res_id"))
        self.assertTrue(units)
        self.assertEqual(units.filtered(lambda unit: not unit.active).mapped("name"), [])

    def test_unit_and_stock_keeping_stay_as_they_are(self):
        self.process(self.item())
        product = self.bound("item", "I1")
        unit = product.uom_id
        event = self.item(uom="hr", stocked=True, name="Renamed")
        self.process(event)
        self.assertEqual((product.uom_id, product.is_storable), (unit, False))
        self.assertEqual(product.name, "Renamed")
        self.assertEqual(self.issues(event["id"]).category, "ownership_conflict")

    def test_a_category_of_that_name(self):
        category = self.env["product.category"].create({"name": "Fasteners"})
        self.process(self.item("I1", category="Fasteners"))
        self.assertEqual(self.bound("item", "I1").categ_id, category)
        event = self.item("I2", category="Nowhere")
        self.process(event)
        self.assertFalse(self.issues(event["id"]).blocking)

    def test_an_ordered_item_by_id_and_by_code(self):
        self.setup_job()
        line = self.commitment_line(product="I1")
        event = self.event("commitment.approved", data=self.commitment_data(lines=[line]))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.item())
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        product = self.bound("item", "I1")
        self.assertEqual(self.bound("commitment", "C1").order_line.product_id, product)
        line = self.commitment_line(product={"code": "IT-I1"})
        data = self.commitment_data("C2", lines=[line])
        self.process(self.event("commitment.approved", data=data))
        self.assertEqual(self.bound("commitment", "C2").order_line.product_id, product)


@tagged("post_install", "-at_install")
class TestPlaces(MasterCase, TransactionCase):
    def test_a_tree_in_any_order(self):
        self.process(self.event("job.upserted", data=self.job_data()))
        self.process(
            self.place("room", parent="floor", job="J1"),
            self.place("floor", parent="site", job="J1", kind="floor"),
            self.place("site", kind="site", job="J1"),
        )
        room = self.bound("location", "room")
        self.assertEqual(room.parent_id.parent_id, self.bound("location", "site"))
        self.assertEqual(room.job_id, self.bound("job", "J1"))
        self.assertEqual(room.company_id, self.company)

    def test_a_parent_that_comes_later(self):
        event = self.place("child", "phase", parent="mother", kind="phase")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.place("mother", "phase", kind="phase"))
        self.drain()
        child = self.bound("phase", "child")
        self.assertEqual(child.parent_id, self.bound("phase", "mother"))

    def test_a_circle_is_not_built(self):
        one, two = self.place("A", parent="B"), self.place("B", parent="A")
        self.apply(one, two)
        self.assertEqual({self.state(e["id"]) for e in (one, two)}, {"parked"})

    def test_absent_is_unchanged_and_null_clears(self):
        self.process(self.place("site"), self.place("P1", parent="site"))
        place = self.bound("location", "P1")
        self.process(self.place("P1", name="New"))
        self.assertEqual((place.name, place.parent_id.code), ("New", "site"))
        self.process(self.place("P1", parent=None, active=False))
        self.assertFalse(place.parent_id or place.active)

    def test_where_it_is(self):
        address = {"street": "1 A St", "city": "Pueblo", "zip": "1", "state": "CO", "country": "US"}
        fence = {"latitude": 38.2544, "longitude": "-104.6091", "radius_m": 150}
        self.process(self.place(address=address, geofence=fence))
        place = self.bound("location", "P1")
        self.assertEqual(place.address, "1 A St, 1, Pueblo, CO, US")
        self.assertAlmostEqual(place.latitude, 38.2544, 6)
        self.assertAlmostEqual(place.longitude, -104.6091, 6)
        for number, wrong in enumerate(("north", "NaN", "inf", "1e999")):
            event = self.place(f"W{number}", geofence={"latitude": wrong, "longitude": 0})
            self.apply(event)
            self.assertParked(event["id"], "amount")

    def test_a_place_stays_with_its_job(self):
        self.process(
            self.event("job.upserted", data=self.job_data()),
            self.event("job.upserted", data=self.job_data("J2")),
            self.place(job="J1"),
        )
        event = self.place(job="J2")
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")

    def test_one_code_once_per_job(self):
        one, two = self.place("L1", code="X"), self.place("L2", code="X")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            place = self.bound("location", "L1")
            place.create({"code": "X", "name": "X", "kind": "area", "company_id": self.company.id})

    def test_what_the_screen_refuses(self):
        Phase = self.env["construction.phase"]
        phase = Phase.create({"code": "1", "name": "A", "kind": "phase", "job_id": self.job.id})
        other = Phase.create(
            {"code": "1", "name": "B", "kind": "phase", "job_id": self.make_job("26-101").id}
        )
        with self.assertRaises(ValidationError):
            other.parent_id = phase
        with self.assertRaises(UserError):
            phase.unlink()


@tagged("post_install", "-at_install")
class TestEmployees(MasterCase, TransactionCase):
    def test_created_with_its_user(self):
        user = self.make_user("ann@tests.example", "project_user")
        self.process(
            self.employee(
                email="Ann@tests.example",
                trade="carpenter",
                level={"kind": "apprentice", "period": 3},
                hired_on="2026-01-05",
                certifications=[{"name": "OSHA 30", "number": "123"}],
            )
        )
        employee = self.bound("employee", "E1")
        self.assertEqual((employee.user_id, employee.company_id), (user, self.company))
        self.assertEqual((employee.level, employee.level_period), ("apprentice", "3"))

    def test_linked_to_hr_where_it_is_installed(self):
        person = None
        if "hr.employee" in self.env:
            person = self.env["hr.employee"].create(
                {"name": "Ann", "work_email": "Ann@hr.example", "company_id": self.company.id}
            )
        for _time in range(2):
            self.process(self.employee(email="ann@hr.example"))
        linked = self.bound("employee", "E1").hr_employee_ref
        self.assertEqual(linked or None, person)

    def test_found_by_number_in_the_company(self):
        Employee = self.env["construction.employee"]
        ann = Employee.create({"number": "N-E1", "name": "Ann", "company_id": self.company.id})
        self.process(self.employee())
        self.assertEqual(self.bound("employee", "E1"), ann)
        event = self.employee("E2", number="N-E1")
        self.apply(event)
        self.assertEqual(self.bound("employee", "E2"), ann, "a second id of the same person")

    def test_a_number_that_another_has(self):
        self.process(self.employee("E1"), self.employee("E2"))
        event = self.employee("E2", number="N-E1")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")

    def test_two_new_ones_of_one_number(self):
        one, two = self.employee("E1", number="7"), self.employee("E2", number="7")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_leaving(self):
        self.process(self.employee())
        self.process(self.employee(active=False, left_on="2026-06-30"))
        employee = self.bound("employee", "E1")
        self.assertFalse(employee.active)
        with self.assertRaises(UserError):
            employee.unlink()

    def test_wages_and_identity_numbers_have_no_field(self):
        fields = self.env["construction.employee"]._fields
        forbidden = ("wage", "salary", "ssn", "identification", "birthday", "bank", "address")
        self.assertFalse([n for n in fields if any(word in n for word in forbidden)])
