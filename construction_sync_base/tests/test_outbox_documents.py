"""What subscribers are told of documents: who, what, and nothing twice."""

import json

from odoo.tests import TransactionCase, tagged

from ..lib import schema_check
from .test_commitments import CommitmentCase

COMMITMENT = "construction.commitment.posted.v1"
COST = "construction.job_cost.posted.v1"
BILL = "construction.supplier_invoice.posted.v1"


@tagged("post_install", "-at_install")
class TestOutboxDocuments(CommitmentCase, TransactionCase):
    def given(self):
        super().given()
        self.subscriber = self.env["construction.subscription"].create(
            {"name": "W", "platform_id": self.platform.id, "url": "https://w.example.com/x"}
        )
        self.subscriber.action_new_secret()
        self.subscriber.action_activate()

    def told(self, event_type):
        """Data of what is told by now, in order."""
        self.env.cr.precommit.run()
        outbox = self.env["construction.outbox"]
        rows = outbox.search([("type", "=", event_type)], order="id")
        data = [json.loads(row.payload)["data"] for row in rows]
        published = schema_check.validator(str(outbox._schema_path(event_type)))
        for one in data:
            self.assertFalse([error.message for error in published.iter_errors(one)])
        return data

    def test_a_commitment_that_holds(self):
        order = self.made(self.commitment_line("1", "700.00"), self.commitment_line("2", "300.00"))
        (data,) = self.told(COMMITMENT)
        self.assertEqual(
            [data[name] for name in ("original", "changes", "revised", "currency", "job")],
            ["1000.00", "0.00", "1000.00", self.company.currency_id.name, "J1"],
        )
        self.assertEqual(
            data["lines"],
            [{"line_id": "1", "amount": "700.00"}, {"line_id": "2", "amount": "300.00"}],
        )
        self.assertEqual(data["links"], [{"platform": "tests-main", "external_id": "C1"}])
        self.assertEqual(data["document"]["number"], order.commitment_number)
        self.assertTrue(data["caused_by"]["event_id"])
        self.assertEqual(data["legal_entity"], self.company.name)

    def test_the_same_event_again_is_told_once(self):
        event = self.approved()
        self.process(event)
        self.send(event)
        self.assertEqual(len(self.told(COMMITMENT)), 1)

    def test_a_newer_version_is_told(self):
        self.made(self.commitment_line("1", "700.00"), sequence="1")
        self.process(self.approved(lines=[self.commitment_line("1", "900.00")], sequence="2"))
        self.assertEqual([data["revised"] for data in self.told(COMMITMENT)], ["700.00", "900.00"])

    def test_a_bill_and_its_cost(self):
        order = self.made(self.commitment_line("1", "1000.00"))
        bill = self.bill(order, 400)
        (data,) = self.told(BILL)
        self.assertEqual(
            [data[name] for name in ("number", "amount_untaxed", "amount_total", "kind")],
            [bill.name, "400.00", "400.00", "invoice"],
        )
        (cost,) = self.told(COST)
        self.assertEqual((cost["month"], cost["cost_to_date"]), ("2026-03", "400.00"))
        self.assertEqual(
            cost["lines"],
            [
                {
                    "cost_code": "03-300",
                    "cost_type": "material",
                    "amount": "400.00",
                    "source": "bill",
                    "commitment": order.commitment_number,
                }
            ],
        )

    def test_a_bill_that_was_taken_back(self):
        bill = self.bill(self.made(self.commitment_line("1", "1000.00")), 400)
        values = {"date": bill.date, "invoice_date": bill.date, "ref": "wrong job"}
        reversal = bill._reverse_moves([values])
        reversal.action_post()
        (data,) = self.told("construction.document.reversed.v1")
        self.assertEqual((data["number"], data["document"]["number"]), (reversal.name, bill.name))
        self.assertEqual(self.told(COST)[-1]["cost_to_date"], "0.00")

    def test_an_event_that_waits_is_told_to_its_platform_alone(self):
        other = self.make_platform("tests-other", self.company)
        elsewhere = self.subscriber.copy({"platform_id": other.id, "name": "E"})
        elsewhere.action_new_secret()
        elsewhere.action_activate()
        event = self.approved("C9", vendor="nobody")
        self.apply(event)
        (data,) = self.told("construction.event.parked.v1")
        self.assertEqual(data["category"], "unmapped_reference")
        self.assertIn("nobody", data["message"])
        self.assertEqual(data["caused_by"]["event_id"], event["id"])

    def test_jobs_that_nobody_asked_for_are_not_told(self):
        self.process(self.event("construction.job.upserted.v1", "job/J2", self.job_data("J2")))
        job = self.bound("job", "J2")
        self.subscriber.job_ids = job
        self.made(self.commitment_line("1", "700.00"))
        self.assertFalse(self.told(COMMITMENT))
        self.made(self.commitment_line("1", "700.00"), external_id="C2", job="J2")
        self.assertEqual(len(self.told(COMMITMENT)), 1)

    def test_the_contract_publishes_what_is_told(self):
        told = self.env["construction.outbox"]._catalogue()
        self.assertEqual(set(told), set(self.env["construction.outbox"]._types()))
        files = (schema_check.SCHEMAS / "told").glob("*.json")
        self.assertEqual({path.stem for path in files}, set(told), "and nothing else")
        document = json.loads(self.env["construction.contract"]._asyncapi("https://o.example"))
        self.assertEqual(set(document["channels"]["told"]["messages"]), set(told))

    def test_receipts_budgets_and_changes(self):
        order = self.made(self.commitment_line("1", "1000.00"))
        line = {"commitment_line_id": "1", "amount": "250.00"}
        data = {"external_id": "R1", "kind": "receipt", "commitment": "C1", "date": "2026-03-10",
                "lines": [line]}  # fmt: skip
        self.process(self.event("receipt.recorded", data=data))
        (receipt,) = self.told("construction.receipt.posted.v1")
        self.assertEqual(receipt["commitment"], order.commitment_number)
        self.assertEqual(receipt["lines"][0]["amount"], "250.00")
        lines = [self.budget_line("120000.00")]
        self.process(
            self.event(
                "budget.approved", data=self.budget_data("B2", lines=lines, version="2"), sequence=2
            )
        )
        self.assertEqual(self.told("construction.budget.posted.v1")[-1]["revised"], "120000.00")

    def test_a_bill_on_hold(self):
        bill = self.bill(self.made(self.commitment_line("1", "1000.00")), 400, post=False)
        hold = self.env["construction.hold"]._place(bill, "dispute", "Two pallets are broken", 80.0)
        (data,) = self.told("construction.supplier_invoice.exception.v1")
        self.assertEqual(
            [data[name] for name in ("category", "message", "amount")],
            ["dispute", hold.note, "80.00"],
        )

    def test_master_data_that_was_linked(self):
        self.process(self.event("vendor.upserted", data=self.vendor_data("V7"), sequence=1))
        data = self.told("construction.master.linked.v1")[-1]
        self.assertEqual((data["object"], data["external_id"]), ("vendor", "V7"))
        self.assertEqual(data["document"]["model"], "res.partner")

    def test_a_locked_month_is_told(self):
        period = self.env["construction.period"].create({"month": "2026-01-01"})
        period._go("locked")
        (data,) = self.told("construction.period.locked.v1")
        self.assertEqual((data["month"], data["what"]), ("2026-01", "job_cost"))


@tagged("post_install", "-at_install")
class TestOutboxUnheard(CommitmentCase, TransactionCase):
    def test_nothing_is_written_where_nobody_listens(self):
        self.made(self.commitment_line("1", "700.00"))
        self.env.cr.precommit.run()
        self.assertFalse(self.env["construction.outbox"].search([]))
