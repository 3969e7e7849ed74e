"""Newer versions of commitments."""

from odoo.tests import TransactionCase, tagged

from .test_commitments import CommitmentCase


class ChangeCase(CommitmentCase):
    def version(self, sequence, *lines, external_id="C1", **over):
        return self.approved(external_id, sequence, lines=list(lines), **over)

    def void(self, external_id="C1", sequence=None, **over):
        data = {"external_id": external_id, "date": "2026-03-20", "reason": "mistake", **over}
        return self.event("commitment.voided", f"commitment/{external_id}", data, sequence)

    def close(self, kind="final", released="0.00", final="0.00", external_id="C1", sequence=None):
        data = {
            "external_id": external_id,
            "date": "2026-03-31",
            "kind": kind,
            "final_amount": final,
            "open_released": released,
            "retention_balance": "0.00",
        }
        return self.event("commitment.closed", f"commitment/{external_id}", data, sequence)

    def lines(self, order=None):
        order = order or self.order_of()
        return {line.line_ref: line.price_subtotal for line in order.order_line}

    def totals(self):
        found = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        return {name: float(value) for name, value in found.items()}


@tagged("post_install", "-at_install")
class TestNewVersions(ChangeCase, TransactionCase):
    def start(self, *lines, **over):
        lines = lines or (self.commitment_line("1", "1000.00"), self.commitment_line("2", "500.00"))
        self.process(self.version(1, *lines, **over))
        return self.order_of()

    def test_by_line_id(self):
        order = self.start()
        before = order.order_line
        self.process(
            self.version(
                2,
                self.commitment_line("2", "700.00", description="More"),
                self.commitment_line("3", "50.00", cost_code="05-120"),
            )
        )
        self.assertEqual(self.order_of(), order)
        self.assertEqual(self.lines(), {"1": 0, "2": 700, "3": 50})
        self.assertLess(before, order.order_line, "a missing line is set to zero and stays")
        self.assertEqual((order.original_amount, order.revised_amount), (750, 750))
        self.assertEqual(order.approved_change_amount, 0)
        self.assertEqual(order.order_line.filtered(lambda x: x.line_ref == "2").name, "More")
        self.assertEqual(order.state, "purchase")
        self.assertEqual(self.totals()["committed"], 750)

    def test_a_line_that_is_gone_takes_its_tax_along(self):
        tax = {"tax_amount": "80.00", "tax_recoverable": False}
        order = self.start(
            self.commitment_line("1", "1000.00", **tax), self.commitment_line("2", "500.00")
        )
        self.assertEqual(order.open_amount, 1580)
        self.process(self.version(2, self.commitment_line("2", "500.00")))
        self.assertEqual((order.open_amount, self.totals()["committed"]), (500, 500))

    def test_a_line_comes_back(self):
        self.start()
        self.process(self.version(2, self.commitment_line("1", "1000.00")))
        self.process(self.version(3, self.commitment_line("2", "1.00")))
        self.assertEqual(self.lines(), {"1": 0, "2": 1})

    def test_recoding(self):
        order = self.start()
        self.process(
            self.version(
                2,
                self.commitment_line("1", "1000.00", cost_code="05-120", cost_type="subcontract"),
                self.commitment_line("2", "500.00"),
            )
        )
        line = order.order_line.filtered(lambda x: x.line_ref == "1")
        self.assertEqual(line.cost_code_id.code, "05-120")
        self.assertEqual(line.cost_type_id.category, "subcontract")
        self.assertEqual(line.product_id, line.cost_type_id.product_id)
        key = self.env["construction.coding"]._distribution(
            self.job, line.cost_code_id, line.cost_type_id
        )
        self.assertEqual(line.analytic_distribution, key)
        self.assertEqual((line.price_unit, line.price_subtotal), (1, 1000))

    def test_amount_line_becomes_a_unit_line_and_back(self):
        order = self.start()
        unit = self.commitment_line(
            "1", "1200.00", pricing="unit", quantity="100", unit_cost="12", uom="sf"
        )
        self.process(self.version(2, unit))
        line = order.order_line[0]
        self.assertEqual((line.sov_method, line.product_qty, line.price_unit), ("unit", 100, 12))
        self.process(self.version(3, self.commitment_line("1", "1300.00")))
        self.assertEqual((line.sov_method, line.product_qty, line.price_unit), ("amount", 1300, 1))
        self.assertEqual(line.price_subtotal, 1300)

    def test_a_free_line_stays_free(self):
        """A price of zero is agreed too; no price list or standard price replaces it."""
        free = {"pricing": "unit", "unit_cost": "0", "amount": "0"}
        self.start(self.commitment_line("1", quantity="5", **free))
        self.process(self.version(2, self.commitment_line("1", quantity="8", **free)))
        line = self.order_of().order_line
        self.assertEqual((line.product_qty, line.price_unit, line.price_subtotal), (8, 0, 0))

    def test_a_vendor_price_does_not_creep_in(self):
        unit = {"pricing": "unit", "uom": "ea"}
        order = self.start(
            self.commitment_line("1", "100.00", quantity="10", unit_cost="10", **unit)
        )
        self.env["product.supplierinfo"].create(
            {
                "partner_id": order.partner_id.id,
                "product_tmpl_id": order.order_line.product_id.product_tmpl_id.id,
                "price": 77,
            }
        )
        self.process(
            self.version(
                2, self.commitment_line("1", "200.00", quantity="20", unit_cost="10", **unit)
            )
        )
        self.assertEqual(order.order_line.price_unit, 10)
        self.assertEqual(order.order_line.price_subtotal, 200)

    def test_nothing_new_changes_nothing(self):
        order = self.start()
        stamps = order.order_line.mapped("write_date")
        messages = len(order.message_ids)
        self.process(
            self.version(
                2, self.commitment_line("1", "1000.00"), self.commitment_line("2", "500.00")
            )
        )
        self.assertEqual(order.order_line.mapped("write_date"), stamps)
        self.assertEqual(len(order.message_ids), messages)

    def assertUnchanged(self, category, event):
        order, before = self.order_of(), self.lines()
        self.apply(event)
        issue = self.assertParked(event["id"], category)
        self.assertEqual(self.lines(order), before)
        return issue

    def test_job_vendor_and_currency_do_not_change(self):
        self.start()
        self.foreign()
        self.process(
            self.event("job.upserted", data=self.job_data("J2"), sequence=1),
            self.event("vendor.upserted", data=self.vendor_data("V2"), sequence=1),
        )
        for number, over in enumerate(({"job": "J2"}, {"vendor": "V2"}, {"currency": "EUR"})):
            event = self.version(10 + number, self.commitment_line("1", "5.00"), **over)
            self.assertUnchanged("ownership_conflict", event)

    def test_not_below_what_was_billed(self):
        order = self.start()
        self.bill(order, 600, 500)
        issue = self.assertUnchanged(
            "matching", self.version(2, self.commitment_line("2", "500.00"))
        )
        self.assertIn("ordered 1000.0, received 0.0, billed 600.0", issue.message)
        self.assertUnchanged(
            "matching",
            self.version(
                3, self.commitment_line("1", "599.99"), self.commitment_line("2", "500.00")
            ),
        )
        self.process(
            self.version(
                4, self.commitment_line("1", "600.00"), self.commitment_line("2", "500.00")
            )
        )
        self.assertEqual(self.lines(), {"1": 600, "2": 500})

    def test_not_below_what_was_received(self):
        order = self.start()
        order.order_line[0].qty_received = 400
        self.assertUnchanged(
            "matching",
            self.version(
                2, self.commitment_line("1", "399.00"), self.commitment_line("2", "500.00")
            ),
        )

    def test_a_discount_is_undercut_upwards(self):
        order = self.start(
            self.commitment_line("1", "1000.00"), self.commitment_line("2", "-300.00")
        )
        self.bill(order, 1000, -200)
        self.assertUnchanged(
            "matching",
            self.version(
                2, self.commitment_line("1", "1000.00"), self.commitment_line("2", "-100.00")
            ),
        )
        self.process(
            self.version(
                3, self.commitment_line("1", "1000.00"), self.commitment_line("2", "-200.00")
            )
        )
        self.assertEqual(self.lines(), {"1": 1000, "2": -200})

    def test_an_untouched_line_may_turn_negative(self):
        self.start()
        self.process(
            self.version(
                2, self.commitment_line("1", "1000.00"), self.commitment_line("2", "-20.00")
            )
        )
        self.assertEqual(self.lines(), {"1": 1000, "2": -20})

    def test_the_price_of_a_billed_unit_line_stays(self):
        unit = {"pricing": "unit", "uom": "ea"}
        order = self.start(
            self.commitment_line("1", "100.00", quantity="10", unit_cost="10", **unit)
        )
        self.bill(order, 4)
        self.assertUnchanged(
            "matching",
            self.version(
                2, self.commitment_line("1", "110.00", quantity="10", unit_cost="11", **unit)
            ),
        )
        self.assertUnchanged("matching", self.version(3, self.commitment_line("1", "100.00")))
        self.process(
            self.version(
                4, self.commitment_line("1", "120.00", quantity="12", unit_cost="10", **unit)
            )
        )
        self.assertEqual(self.lines(), {"1": 120})

    def test_one_bad_line_undoes_the_whole_version(self):
        order = self.start()
        self.bill(order, 0, 500)
        self.assertUnchanged(
            "matching",
            self.version(2, self.commitment_line("1", "9.00"), self.commitment_line("2", "9.00")),
        )

    def test_neighbours_in_the_batch_go_on(self):
        order = self.start()
        self.bill(order, 1000, 500)
        bad = self.version(2, self.commitment_line("1", "1.00"))
        good = self.approved("C2", 1)
        self.apply(bad, good)
        self.assertParked(bad["id"], "matching")
        self.assertEqual(self.state(good["id"]), "processed")

    def test_a_job_that_takes_no_change(self):
        self.start()
        self.job.job_status = "closed"
        event = self.version(2, self.commitment_line("1", "1100.00"))
        self.assertUnchanged("inactive_target", event)
        self.job.job_status = "on_hold"
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_an_object_that_odoo_owns(self):
        self.start()
        self.env.ref("construction_sync_base.policy_commitment").owner = "odoo"
        event = self.version(2, self.commitment_line("1", "1100.00"))
        self.process(event)
        self.assertEqual(self.lines(), {"1": 1000, "2": 500})
        self.assertEqual(self.issues(event["id"]).mapped("category"), ["ownership_conflict"])

    def test_a_change_above_the_approval_limit_waits_again(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 5000}
        )
        order = self.start()
        self.bill(order, 400, 0)
        self.process(self.version(2, self.commitment_line("1", "6000.00")))
        self.assertEqual(order.state, "to approve")
        totals = self.totals()
        self.assertEqual((totals["open"], totals["pending"], totals["actual"]), (0, 5600, 400))
        self.assertEqual(totals["available"], 200000 - 6000)
        self.process(self.version(3, self.commitment_line("1", "5500.00")))
        order.button_approve()
        self.assertEqual(order.state, "purchase")
        self.process(self.version(4, self.commitment_line("1", "5400.00")))
        self.assertEqual(order.state, "purchase", "less needs no new approval")

    def test_what_needs_no_approval_any_more_goes_on(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 5000}
        )
        order = self.start(self.commitment_line("1", "6000.00"))
        self.assertEqual(order.state, "to approve")
        self.process(self.version(2, self.commitment_line("1", "5500.00")))
        self.assertEqual(order.state, "to approve")
        self.process(self.version(3, self.commitment_line("1", "4000.00")))
        self.assertEqual((order.state, order.release_state), ("purchase", "released"))

    def test_unless_the_policy_accepts_the_platforms_approval(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 5000}
        )
        self.env.ref("construction_sync_base.policy_commitment").accept_platform_approval = True
        order = self.start()
        self.process(self.version(2, self.commitment_line("1", "6000.00")))
        self.assertEqual(order.state, "purchase")
