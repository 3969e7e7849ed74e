"""change_order.submitted, .approved, .executed, .rejected and .voided."""

from odoo.tests import TransactionCase, tagged

from .test_commitment_changes import ChangeCase


class ChangeEventCase(ChangeCase):
    """Two lines of 1,000 and 500 in commitment C1, a budget of 100,000 for each code."""

    def given(self):
        super().given()
        self.order = self.made(
            self.commitment_line("1", "1000.00"), self.commitment_line("2", "500.00"), sequence=1
        )

    def line_data(self, line_id="A", cost="300.00", revenue="400.00", **over):
        """A line on line 1 of the commitment."""
        data = {
            "line_id": line_id,
            "description": f"Extra {line_id}",
            "cost_code": "03-300",
            "cost_type": "material",
            "commitment": "C1",
            "commitment_line_id": "1",
            "cost_amount": cost,
            "revenue_amount": revenue,
            **over,
        }
        return {name: value for name, value in data.items() if value is not None}

    def change_data(self, external_id="X1", lines=None, **over):
        return {
            "external_id": external_id,
            "number": f"PCO-{external_id}",
            "title": "More rebar",
            "job": "J1",
            "stage": "proposed",
            "date": "2026-03-10",
            "currency": self.company.currency_id.name,
            "lines": [self.line_data()] if lines is None else lines,
            **over,
        }

    def change_event(self, fact, sequence=None, external_id="X1", **over):
        data = self.change_data(external_id, **over)
        return self.event(f"change_order.{fact}", data=data, sequence=sequence)

    def change(self, external_id="X1"):
        return self.bound("change_order", external_id)

    def standing(self, external_id="X1"):
        change = self.change(external_id)
        change.invalidate_recordset()
        return " ".join(
            (change.state, change.budget_status, change.cost_status, change.revenue_status)
        )

    def assertBooks(self, **expected):
        found = self.totals()
        self.assertEqual({name: found[name] for name in expected}, expected)


@tagged("post_install", "-at_install")
class TestFacts(ChangeEventCase, TransactionCase):
    def test_from_potential_to_executed(self):
        event = self.change_event("submitted", 1, stage="potential")
        self.process(event)
        self.assertEqual(self.stored(event["id"]).lane, "critical")
        self.assertEqual(self.standing(), "potential unpriced unpriced unpriced")
        self.assertBooks(budget=200000, committed=1500, pending=0, exposure=300)
        self.process(self.change_event("submitted", 2))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        self.assertBooks(budget=200000, committed=1500, pending=300)
        self.process(self.change_event("approved", 3))
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertBooks(budget=200300, committed=1500, pending=300)
        self.process(self.change_event("executed", 4, cost_status="executed"))
        self.assertEqual(self.standing(), "approved executed executed submitted")
        self.assertBooks(budget=200300, committed=1800, pending=0, exposure=300)
        self.assertEqual(self.lines(), {"1": 1300, "2": 500})
        self.process(
            self.change_event("executed", 5, cost_status="executed", revenue_status="executed")
        )
        self.assertEqual(self.standing(), "executed executed executed executed")
        self.assertBooks(budget=200300, committed=1800, pending=0, exposure=0)
        change = self.change()
        self.assertEqual(
            (change.cost_amount, change.revenue_amount, change.margin, change.exposure_amount),
            (300, 400, 100, 0),
        )

    def test_executed_by_nobody_in_particular(self):
        """Two other parties and no status: neither side is executed, and somebody is told."""
        event = self.change_event("executed", 1)
        self.process(event)
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertIn("not by whom", self.issues(event["id"]).message)
        self.assertEqual(self.lines(), {"1": 1000, "2": 500})

    def test_executed_by_the_only_other_party(self):
        self.process(self.change_event("executed", 1, lines=[self.line_data(revenue=None)]))
        self.assertEqual(self.standing(), "executed executed executed none")
        self.assertEqual(self.lines(), {"1": 1300, "2": 500})

    def test_an_execution_before_the_approval_waits_for_it(self):
        self.process(self.change_event("submitted", 1, cost_status="executed"))
        self.assertEqual(self.standing(), "submitted submitted submitted submitted")
        self.assertBooks(committed=1500, pending=300)
        self.process(self.change_event("approved", 2, cost_status="executed"))
        self.assertEqual(self.standing(), "approved executed executed submitted")

    def test_out_of_order(self):
        """The newest version holds, whichever comes first."""
        late = self.change_event("executed", 3, cost_status="executed")
        early = self.change_event("submitted", 1)
        middle = self.change_event("approved", 2)
        self.process(late)
        self.apply(middle, early)
        self.assertEqual(self.state(middle["id"]), "superseded")
        self.assertEqual(self.state(early["id"]), "superseded")
        self.assertEqual(self.standing(), "approved executed executed submitted")

    def test_replayed_nothing_moves_twice(self):
        events = [
            self.change_event("approved", 1),
            self.change_event("executed", 2, cost_status="executed", revenue_status="executed"),
        ]
        for event in events:
            self.process(event)
        before, lines = self.totals(), self.lines()
        for event in events:
            again = dict(event, id=f"{event['id']}-again")
            self.apply(again)
            self.assertEqual(self.state(again["id"]), "superseded")
        self.stored(events[1]["id"]).sudo().write({"state": "pending", "replaying": True})
        self.drain()
        self.assertEqual(self.state(events[1]["id"]), "processed")
        self.assertEqual((self.totals(), self.lines()), (before, lines))
        self.assertEqual(self.change().budget_change_count, 1)

    def test_rejected(self):
        self.process(self.change_event("approved", 1, cost_status="executed"))
        self.process(self.change_event("rejected", 2))
        self.assertEqual(self.standing(), "rejected rejected rejected rejected")
        self.assertBooks(budget=200000, committed=1500, pending=0, exposure=0)

    def test_rejected_by_the_owner_alone(self):
        self.process(self.change_event("approved", 1, cost_status="executed"))
        self.process(
            self.change_event("rejected", 2, revenue_status="rejected", cost_status="executed",
                              budget_status="executed")
        )  # fmt: skip
        self.assertEqual(self.standing(), "executed executed executed rejected")
        self.assertBooks(budget=200300, committed=1800, exposure=300)

    def test_voided_and_approved_again(self):
        self.process(self.change_event("executed", 1, cost_status="executed"))
        self.process(self.change_event("voided", 2))
        self.assertEqual(self.standing(), "void void void void")
        self.assertBooks(budget=200000, committed=1500, pending=0)
        self.process(self.change_event("approved", 3, cost_status="executed"))
        self.assertBooks(budget=200300, committed=1800, pending=0)

    def test_void_below_billed_leaves_that_side(self):
        self.process(self.change_event("approved", 1, cost_status="executed"))
        self.bill(self.order, 1200, 0)
        event = self.change_event("voided", 2)
        self.process(event)
        self.assertEqual(self.standing(), "executed void executed void")
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking, issue.amount), ("matching", False, 300))
        self.assertRegex(issue.message, r"ordered 1300.*billed 1200.*cannot go to 1000")
        self.bill(self.order, 0, 0)
        self.assertBooks(budget=200000, committed=1800)

    def test_deductive_below_billed(self):
        self.bill(self.order, 900, 0)
        event = self.change_event("approved", 1, lines=[self.line_data(cost="-200.00")],
                                  cost_status="executed")  # fmt: skip
        self.process(event)
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.assertRegex(self.issues(event["id"]).message, "least possible is 900")
        self.assertBooks(budget=199800, committed=1500)

    def test_tried_again_it_closes_its_issue(self):
        self.process(self.close(kind="soft", sequence=9))
        event = self.change_event("approved", 1, cost_status="executed")
        self.process(event)
        self.assertIn("closed", self.issues(event["id"]).message)
        self.order._editable().write({"closed_state": "open", "closed_on": False})
        self.change().action_try_again()
        self.assertEqual(self.standing(), "approved executed executed submitted")
        self.assertFalse(self.issues(event["id"]))

    def budget_change(self, amount="300.00"):
        data = {
            "external_id": "BC1",
            "job": "J1",
            "number": "BC-1",
            "kind": "revision",
            "date": "2026-03-11",
            "currency": self.company.currency_id.name,
            "reason": "Rebar",
            "source_change_order": "X1",
            "lines": [self.budget_line(amount)],
        }
        return self.event("budget_change.approved", data=data, sequence=1)

    def test_its_budget_change_moves_nothing_twice(self):
        """Whichever of the two comes first, the budget moves once."""
        self.process(self.budget_change(), self.change_event("approved", 1))
        self.assertBooks(budget=200300)
        self.assertEqual(self.standing(), "approved executed approved submitted")
        self.process(self.change_event("voided", 2))
        self.assertBooks(budget=200000)

    def test_its_budget_change_comes_later(self):
        self.process(self.change_event("approved", 1))
        self.process(self.budget_change())
        self.assertBooks(budget=200300)

    def test_its_budget_change_says_otherwise(self):
        self.process(self.budget_change("299.00"))
        event = self.change_event("approved", 1)
        self.process(event)
        self.assertEqual(self.standing(), "approved approved approved submitted")
        self.assertIn("other amounts", self.issues(event["id"]).message)
        self.assertBooks(budget=200299)

    def test_no_budget_yet(self):
        self.process(self.event("job.upserted", data=self.job_data("J9"), sequence=1))
        lines = [self.line_data(commitment=None, commitment_line_id=None)]
        event = self.change_event("approved", 1, job="J9", lines=lines)
        self.process(event)
        self.assertEqual(self.standing(), "approved approved none submitted")
        self.assertEqual(self.issues(event["id"]).category, "budget")


@tagged("post_install", "-at_install")
class TestContents(ChangeEventCase, TransactionCase):
    def parked(self, category, **over):
        event = self.change_event("approved", next(self.numbers), **over)
        self.apply(event)
        issues = self.assertParked(event["id"], category)
        self.assertFalse(self.change())
        return issues

    def test_an_unknown_commitment_waits(self):
        event = self.change_event(
            "approved", 1, lines=[self.line_data(commitment="C2")], cost_status="executed"
        )
        self.apply(event)
        self.assertIn("C2", self.assertParked(event["id"], "unmapped_reference").message)
        self.process(self.approved("C2", 1, lines=[self.commitment_line("1", "50.00")]))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.order_of("C2").revised_amount, 350)

    def test_an_unknown_line_waits(self):
        line = self.line_data(commitment_line_id="9")
        self.assertIn("no line “9”", self.parked("unmapped_reference", lines=[line]).message)
        self.process(
            self.version(2, *(self.commitment_line(n, "1000.00") for n in ("1", "2", "9")))
        )
        self.drain()
        self.assertTrue(self.change())

    def test_totals(self):
        self.parked("amount", total_cost="299.99")
        self.parked("amount", total_revenue="400.01")
        number = next(self.numbers)
        self.process(
            self.change_event("approved", number, total_cost="300.00", total_revenue="400.00")
        )

    def test_numbers(self):
        self.parked("amount", lines=[self.line_data(cost="1.001")])
        self.parked("amount", lines=[self.line_data(cost=1.5)])
        twice = [self.line_data("A"), self.line_data("A")]
        self.parked("schema", lines=twice)

    def test_the_currency_of_the_contract(self):
        self.foreign()
        self.assertIn("EUR", self.parked("amount", currency="EUR").message)
        self.parked("amount", currency="XXX")

    def test_another_job(self):
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        self.parked("ownership_conflict", job="J2")

    def test_a_number_that_was_typed_here(self):
        self.env["construction.change.order"].create(
            {"title": "Typed", "job_id": self.job.id, "number": "PCO-X1"}
        )
        self.assertEqual(
            self.parked("duplicate").candidates[0]["model"], "construction.change.order"
        )

    def test_defaults_of_a_line(self):
        line = self.line_data(
            cost=None, revenue=None, quantity_delta="10", unit_cost="30", commitment_line_id=None,
            markup=[{"kind": "fee", "percent": "10", "amount": "30.00"},
                    {"kind": "bond", "amount": "5.00"}],
        )  # fmt: skip
        self.process(self.change_event("approved", 1, lines=[line], cost_status="executed"))
        change = self.change()
        self.assertEqual(
            (change.cost_amount, change.budget_amount, change.markup_amount, change.revenue_amount),
            (300, 300, 35, 335),
        )
        fresh = self.order.order_line[-1]
        self.assertEqual((fresh.line_ref, fresh.product_qty, fresh.price_unit), ("A", 10, 30))
        self.assertEqual(self.order.approved_change_amount, 300)

    def test_budget_apart_from_cost(self):
        line = self.line_data(budget_amount="0.00")
        self.process(self.change_event("approved", 1, lines=[line]))
        self.assertEqual(self.standing(), "approved none approved submitted")
        self.assertBooks(budget=200000, pending=300)

    def test_a_newer_version_with_other_amounts(self):
        """Budget and commitment go where the newest version says, not by its amounts on top."""
        self.process(self.change_event("approved", 1, cost_status="executed"))
        lines = [
            self.line_data("A", "250.00"),
            self.line_data("B", "40.00", commitment_line_id=None, cost_code="05-120"),
        ]
        self.process(self.change_event("approved", 2, lines=lines, cost_status="executed"))
        self.assertBooks(budget=200290, committed=1790, pending=0)
        self.assertEqual(self.lines(), {"1": 1250, "2": 500, "B": 40})
        self.process(self.change_event("approved", 3, cost_status="executed"))
        self.assertBooks(budget=200300, committed=1800)
        self.assertEqual(self.lines(), {"1": 1300, "2": 500, "B": 0})
        self.assertEqual(self.change().line_ids.mapped("line_ref"), ["A"])

    def test_the_commitment_stays_original(self):
        """Convention 6: a newer version of the commitment does not hold the change, and does
        not take it away."""
        own = self.line_data("N", "80.00", commitment_line_id=None)
        self.process(
            self.change_event("approved", 1, lines=[self.line_data(), own], cost_status="executed")
        )
        self.process(
            self.version(2, self.commitment_line("1", "1100.00"), self.commitment_line("3", "7.00"))
        )
        order = self.order
        self.assertEqual(self.lines(), {"1": 1400, "2": 0, "N": 80, "3": 7})
        self.assertEqual(
            (order.original_amount, order.approved_change_amount, order.revised_amount),
            (1107, 380, 1487),
        )
        self.process(self.version(3, self.commitment_line("3", "7.00")))
        self.assertEqual(self.lines(), {"1": 300, "2": 0, "N": 80, "3": 7})
        self.process(self.change_event("voided", 2, lines=[self.line_data(), own]))
        self.assertEqual(self.lines(), {"1": 0, "2": 0, "N": 0, "3": 7})
        self.assertEqual((order.original_amount, order.approved_change_amount), (7, 0))

    def test_packages(self):
        self.process(self.change_event("submitted", 1, package="X9"))
        self.assertFalse(self.change().package_id)
        self.process(self.change_event("submitted", 1, "X9"))
        self.assertEqual(self.change().package_id, self.change("X9"))

    def test_dates_and_words(self):
        self.process(
            self.change_event(
                "submitted", 1, origin="design", respond_by="2026-03-20", schedule_days=-3,
                reason="Drawing revised", rfi=["RFI-7"], prime_contract={"number": "PC-1"},
            )
        )  # fmt: skip
        change = self.change()
        self.assertEqual(
            (change.origin, str(change.respond_by), change.schedule_days, change.rfi_refs,
             change.prime_contract_ref, change.reason),
            ("design", "2026-03-20", -3, "RFI-7", "PC-1", "Drawing revised"),
        )  # fmt: skip
