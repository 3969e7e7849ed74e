"""commitment.approved: purchase orders with a schedule of values."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase


class CommitmentCase(SyncCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"))

    def approved(self, external_id="C1", sequence=None, **over):
        data = self.commitment_data(external_id, **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def order_of(self, external_id="C1"):
        return self.bound("commitment", external_id)

    def made(self, *lines, **over):
        """The order of an event with these lines."""
        self.process(self.approved(lines=list(lines) or None, **over))
        return self.order_of(over.get("external_id", "C1"))

    def refused(self, category, *lines, **over):
        """The issue of an event that must not be applied."""
        external_id = self.unique("X")
        event = self.approved(external_id, **({"lines": list(lines)} if lines else {}), **over)
        self.apply(event)
        issues = self.assertParked(event["id"], category)
        self.assertFalse(self.order_of(external_id))
        return issues

    def bill(self, order, *quantities, post=True):
        order.billing_mode = "invoice"
        order.action_create_invoice()
        bill = order.invoice_ids.filtered(lambda move: move.state == "draft")
        bill.invoice_date = "2026-03-31"
        for line, quantity in zip(bill.invoice_line_ids, quantities, strict=False):
            line.quantity = quantity
        if post:
            bill.action_post()
        return bill


@tagged("post_install", "-at_install")
class TestCommitments(CommitmentCase, TransactionCase):
    def test_header(self):
        order = self.made(
            kind="subcontract",
            title="Foundations",
            retention={"work_percent": "7.5"},
            executed_on="2026-03-05",
            date="2026-03-02",
        )
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.project_id, self.job)
        self.assertEqual(order.partner_id, self.bound("vendor", "V1"))
        self.assertEqual(order.commitment_type, "subcontract")
        self.assertEqual(order.billing_mode, "application")
        self.assertEqual(order.commitment_number, "PO-C1")
        self.assertEqual(order.commitment_title, "Foundations")
        self.assertEqual(order.retention_percent, 7.5)
        self.assertEqual(str(order.date_order.date()), "2026-03-02")
        self.assertEqual(str(order.executed_on), "2026-03-05")
        self.assertEqual(order.platform_approval, "Pat Manager, 2026-03-02 10:00 UTC-07:00")
        self.assertEqual(order.original_amount, 1000)
        self.assertEqual(order.revised_amount, 1000)
        self.assertEqual(order.approved_change_amount, 0)
        self.assertFalse(order.user_id, "the service user is never the buyer")
        self.assertNotIn(self.platform.service_user_id.partner_id, order.message_partner_ids)
        self.assertEqual(order.create_uid, self.platform.service_user_id)

    def test_billing_mode(self):
        for kind, mode, expected in (
            ("purchase_order", None, "invoice"),
            ("subcontract", None, "application"),
            ("subcontract", "invoice", "invoice"),
            ("rental", "application", "application"),
        ):
            external_id = self.unique("M")
            more = {"billing_mode": mode} if mode else {}
            self.process(self.approved(external_id, kind=kind, **more))
            self.assertEqual(self.order_of(external_id).billing_mode, expected)

    def test_amount_line(self):
        line = self.made(self.commitment_line(amount="12345.67", item="1.01")).order_line
        self.assertEqual(
            (line.sov_method, line.product_qty, line.price_unit, line.price_subtotal),
            ("amount", 12345.67, 1, 12345.67),
        )
        self.assertEqual((line.line_ref, line.item_number, line.name), ("1", "1.01", "Line 1"))
        material = self.env.ref("construction_sync_base.cost_type_material")
        self.assertEqual(line.product_id, material.product_id)
        self.assertEqual(line.cost_type_id, material)
        self.assertFalse(line.tax_ids)

    def test_unit_line(self):
        order = self.made(
            self.commitment_line(
                amount="31.25", pricing="unit", quantity="2.5", unit_cost="12.50", uom="cy"
            )
        )
        line = order.order_line
        self.assertEqual(
            (line.sov_method, line.product_qty, line.price_unit, line.price_subtotal),
            ("unit", 2.5, 12.5, 31.25),
        )
        self.assertEqual(line.product_uom_id, self.env.ref("construction_sync_base.uom_cubic_yard"))

    def test_x13_small_quantity_at_a_large_price(self):
        line = self.made(
            self.commitment_line(
                amount="125000.00", pricing="unit", quantity="0.125", unit_cost="1000000"
            )
        ).order_line
        self.assertEqual((line.product_qty, line.price_subtotal), (0.125, 125000))

    def test_a_unit_price_finer_than_the_currency(self):
        line = self.made(
            self.commitment_line(
                amount="1234.57", pricing="unit", quantity="10000", unit_cost="0.12345678"
            )
        ).order_line
        self.assertEqual((line.sov_method, line.price_unit), ("unit", 0.12345678))
        self.assertEqual(line.price_subtotal, 1234.57)

    def test_one_minor_unit_of_rounding_makes_an_amount_line(self):
        line = self.made(
            self.commitment_line(amount="33.34", pricing="unit", quantity="3", unit_cost="11.11")
        ).order_line
        self.assertEqual((line.sov_method, line.product_qty), ("amount", 33.34))
        self.refused(
            "amount",
            self.commitment_line(amount="33.35", pricing="unit", quantity="3", unit_cost="11.11"),
        )

    def test_lump_sum_quantities_inform_only(self):
        line = self.made(
            self.commitment_line(
                amount="100.00", pricing="lump_sum", quantity="3", unit_cost="99", uom="ea"
            )
        ).order_line
        self.assertEqual((line.sov_method, line.product_qty), ("amount", 100))

    def test_negative_and_zero_lines(self):
        order = self.made(
            self.commitment_line("1", "1000.00"),
            self.commitment_line("2", "-250.50"),
            self.commitment_line("3", "0.00"),
            self.commitment_line("4", "0", pricing="unit", quantity="5", unit_cost="0"),
        )
        self.assertEqual(order.order_line.mapped("price_subtotal"), [1000, -250.5, 0, 0])
        self.assertEqual(order.amount_untaxed, 749.5)
        self.refused("amount", self.commitment_line("1", "-1.00"))

    def test_total_equals_the_lines(self):
        lines = [self.commitment_line("1", "10.10"), self.commitment_line("2", "20.20")]
        self.process(self.approved("C1", lines=lines, total="30.30"))
        self.refused("amount", *lines, total="30.31")

    def test_forms_of_numbers(self):
        for amount in ("1,000.00", "1e3", "$5", "1.005", "99999999999999999.00", " 5", "٥"):
            self.refused("amount", self.commitment_line(amount=amount))
        huge = {"quantity": "9999999999999.123456", "unit_cost": "0.00000001", "uom": "ea"}
        issue = self.refused("amount", self.commitment_line(amount="100000.00", **huge))
        self.assertIn("quantity: '9999999999999.123456' has more digits", issue.message)

    def test_line_ids_are_unique(self):
        self.refused("schema", self.commitment_line("1"), self.commitment_line("1"))

    def test_amount_of_the_currency(self):
        self.foreign("JPY")
        self.process(self.approved(currency="JPY", lines=[self.commitment_line(amount="1000")]))
        self.assertEqual(self.order_of().amount_untaxed, 1000)
        self.refused("amount", self.commitment_line(amount="1000.5"), currency="JPY")

    def test_a_currency_waits_until_it_is_active_and_rated(self):
        euro = self.env.ref("base.EUR")
        euro.rate_ids.unlink()
        event = self.approved(currency="EUR", date="2026-03-02")
        self.apply(event)
        self.assertIn("not active", self.assertParked(event["id"], "amount").message)
        euro.active = True
        self.drain()
        self.assertIn("no rate", self.assertParked(event["id"], "amount").message)
        self.foreign(**{"2026-03-03": 0.5})
        self.drain()
        self.assertParked(event["id"], "amount")
        self.foreign(**{"2026-03-01": 0.5})
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.order_of().currency_id, euro)

    def test_foreign_currency_at_the_rate_of_its_date(self):
        self.foreign(**{"2026-01-01": 0.8, "2026-03-02": 0.5, "2026-03-03": 0.4})
        self.process(self.approved(currency="EUR", date="2026-03-02"))
        order = self.order_of()
        self.assertEqual(order.currency_rate, 0.5)
        totals = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual((float(totals["committed"]), float(totals["available"])), (2000, 198000))

    def test_dates(self):
        order = self.made(self.commitment_line(promised_on="2026-05-01"), date="2026-03-02")
        self.assertEqual(str(order.order_line.date_planned.date()), "2026-05-01")

    def test_payment_terms(self):
        term = self.env["account.payment.term"].create({"name": "Net 45"})
        vendors = self.env["account.payment.term"].create({"name": "Net 30"})
        self.bound("vendor", "V1").property_supplier_payment_term_id = vendors
        self.assertEqual(self.made().payment_term_id, vendors)
        event = self.approved("C2", payment_terms="N45")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "payment_term_id": term.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.order_of("C2").payment_term_id, term)

    def test_references(self):
        by_number = {"number": self.job.job_number}
        self.process(self.approved("C1", job=by_number))
        self.process(self.approved("C2", job={"origin_id": str(self.job.id)}))
        self.assertEqual(self.order_of("C1").project_id, self.job)
        self.assertEqual(self.order_of("C2").project_id, self.job)
        self.refused("unmapped_reference", job=self.job.job_number)
        self.refused("unmapped_reference", job="J-unknown")
        self.refused("unmapped_reference", vendor="V-unknown")

    def test_lines_of_a_sub_job_are_a_question(self):
        self.refused("unmapped_reference", self.commitment_line(sub_job="J1-A"))
        self.made(self.commitment_line(sub_job="J1"))

    def test_waits_for_its_vendor(self):
        event = self.approved(vendor="V9")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.event("vendor.upserted", data=self.vendor_data("V9"), sequence=1))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_status_of_the_job(self):
        for status in ("bid", "on_hold", "completed", "closed"):
            self.job.job_status = status
            issue = self.refused("inactive_target")
            self.assertIn("takes no new commitments", issue.message)
        self.job.job_status = "active"
        self.drain()
        orders = self.env["purchase.order"].search_count([("project_id", "=", self.job.id)])
        self.assertEqual(orders, 4, "reopening resumes them")


@tagged("post_install", "-at_install")
class TestCommitmentLines(CommitmentCase, TransactionCase):
    """Taxes and products of lines."""

    def cross(self, kind, value, record):
        self.env["construction.crosswalk"].create(
            {
                "platform_id": self.platform.id,
                "kind": kind,
                "external_value": value,
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    def tax(self, percent=8):
        tax = self.env["account.tax"].create(
            {"name": f"Tax {percent}", "amount": percent, "type_tax_use": "purchase"}
        )
        self.cross("tax_code", f"T{percent}", tax)
        return tax

    def test_tax_code(self):
        tax = self.tax()
        line = self.made(self.commitment_line(tax_code="T8", tax_amount="80.00")).order_line
        self.assertEqual(line.tax_ids, tax)
        self.assertEqual((line.price_subtotal, line.price_tax), (1000, 80))
        self.assertEqual(line.tax_cost_amount, 80, "a tax without an account is cost")
        self.refused("unmapped_reference", self.commitment_line(tax_code="T-unknown"))

    def test_a_tax_on_a_cost_account_is_cost(self):
        """Else the bill of a commitment would take more of the budget than the commitment."""
        tax = self.tax()
        expense = self.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", self.company.id)], limit=1
        )
        for shares in (tax.invoice_repartition_line_ids, tax.refund_repartition_line_ids):
            shares.filtered(lambda s: s.repartition_type == "tax").account_id = expense
        order = self.made(self.commitment_line(tax_code="T8"))
        self.assertEqual((order.tax_cost_amount, order.open_amount), (80, 1080))
        JobCost = self.env["construction.job.cost"]
        before = JobCost._totals(self.job)[self.job.id]["available"]
        self.bill(order, 1000)
        after = JobCost._totals(self.job)[self.job.id]
        self.assertEqual((after["available"], after["actual"]), (before, 1080))

    def test_a_tax_in_the_price_is_an_issue(self):
        tax = self.tax()
        tax.price_include_override = "tax_included"
        issue = self.refused("amount", self.commitment_line(tax_code="T8"))
        self.assertIn("included in the price", issue.message)
        row = self.env["construction.crosswalk"].search([("external_value", "=", "T8")])
        row.res_id = tax.copy({"price_include_override": "tax_excluded"}).id
        self.drain()
        self.assertEqual(self.state(issue.event_id.event_id), "processed")

    def test_codes_as_objects(self):
        """The schema takes {"code": …} for whatever goes through the crosswalk."""
        tax, terms = self.tax(), self.env["account.payment.term"].create({"name": "Net 45"})
        self.cross("payment_terms", "N45", terms)
        priced = {"pricing": "unit", "quantity": "2", "unit_cost": "500.00"}
        codes = {"tax_code": {"code": "T8"}, "uom": {"code": "cy"}}
        line = self.commitment_line(**priced, **codes, tax_amount="80.00")
        order = self.made(line, payment_terms={"code": "N45"})
        unit = self.env.ref("construction_sync_base.uom_cubic_yard")
        self.assertEqual((order.order_line.tax_ids, order.payment_term_id), (tax, terms))
        self.assertEqual(order.order_line.product_uom_id, unit)

    def test_recoverable_as_the_platform_says(self):
        self.tax()
        for told, cost in ((True, 0), (False, 80)):
            external_id = self.unique("T")
            line = self.commitment_line(tax_code="T8", tax_recoverable=told)
            self.process(self.approved(external_id, lines=[line]))
            self.assertEqual(self.order_of(external_id).tax_cost_amount, cost)

    def test_tax_without_a_code(self):
        line = self.commitment_line(tax_amount="61.00", tax_recoverable=False)
        order = self.made(line)
        self.assertEqual(order.tax_cost_amount, 61)
        totals = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual(float(totals["committed"]), 1061)

    def test_product_of_the_crosswalk(self):
        product = self.env["product.product"].create({"name": "Rebar", "type": "consu"})
        self.cross("product", "RB-1", product)
        order = self.made(self.commitment_line(product="RB-1"))
        self.assertEqual(order.order_line.product_id, product)
        self.assertEqual(order.order_line.price_unit, 1)
        self.refused("unmapped_reference", self.commitment_line(product="RB-2"))

    def test_stored_product_is_an_issue(self):
        stored = self.env["product.product"].create({"name": "Brick", "is_storable": True})
        self.cross("product", "BR-1", stored)
        issue = self.refused("inactive_target", self.commitment_line(product="BR-1"))
        self.assertIn("kept in stock", issue.message)

    def test_unknown_unit(self):
        self.refused(
            "unmapped_reference",
            self.commitment_line(pricing="unit", quantity="1", unit_cost="1000", uom="bundle"),
        )

    def test_shipped_units(self):
        for unit in "ls ea hr day wk mo cy sy lf sf ton gal m m2 m3 kg l".split():
            line = self.commitment_line(
                pricing="unit", quantity="2", unit_cost="500", amount="1000", uom=unit
            )
            external_id = self.unique("U")
            self.process(self.approved(external_id, lines=[line]))
            line = self.order_of(external_id).order_line
            self.assertEqual((line.product_qty, line.price_unit), (2, 500), unit)
