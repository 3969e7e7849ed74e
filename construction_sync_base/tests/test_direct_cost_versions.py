"""Newer versions of direct costs: they replace the draft; once it is posted, a correction takes
it back first."""

from odoo.tests import TransactionCase, tagged

from .direct_costs import DirectCostCase


@tagged("post_install", "-at_install")
class TestDirectCostVersions(DirectCostCase, TransactionCase):
    def test_a_newer_version_replaces_the_draft(self):
        self.clearing()
        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            self.process(build(external_id))
            before = self.move(external_id)
            newer = self.cost_line(amount="95.00", cost_code="05-120")
            self.process(build(external_id, 2, lines=[newer]))
            after = self.move(external_id)
            self.assertEqual((after, after.state, after.release_state),
                             (before, "draft", "to_release"))  # fmt: skip
            after.with_user(self.finance).action_release()
        self.assertFigures(actual=0)
        self.assertFigures(code=self.other_code, actual=190)

    def test_paid_another_way_it_is_another_document(self):
        self.clearing()
        self.process(self.cost())
        bill = self.move()
        self.process(self.card(sequence=2))
        entry = self.move()
        self.assertEqual((entry.move_type, entry.release_state), ("entry", "to_release"))
        self.assertEqual((bill.state, bill.release_state), ("cancel", False))
        self.process(self.cost(sequence=3))
        self.assertEqual((self.move().move_type, entry.state), ("in_invoice", "cancel"))
        self.assertEqual(len(self.move() | bill | entry), 3)

    def test_paid_another_way_and_refused(self):
        """The draft stands as it was until another document can take its place."""
        self.clearing()
        self.process(self.cost("D2", number="R-1"), self.card("D1", number="R-1"))
        entry = self.move("D1")
        event = self.cost("D1", 2, number="R-1")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.assertEqual(self.move("D1"), entry)
        self.assertEqual((entry.state, entry.release_state), ("draft", "to_release"))

    def test_paid_another_way_and_kept_in_odoo(self):
        self.clearing()
        self.process(self.cost())
        bill = self.move()
        self.env["construction.sync.policy"].create(
            {"object": "supplier_invoice", "company_id": self.company.id, "owner": "odoo"}
        )
        event = self.card(sequence=2)
        self.process(event)
        self.assertIn("ownership_conflict", self.issues(event["id"]).mapped("category"))
        self.assertEqual((self.move(), bill.state), (bill, "draft"))

    def posted(self, external_id, build, **over):
        self.process(build(external_id, **over))
        self.move(external_id).with_user(self.finance).action_release()
        return self.move(external_id)

    def assertReplaces(self, event, move):
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        self.assertEqual(issue.correction_id.line_ids.action, "reverse")
        self.assertEqual((move.state, move._is_undone()), ("posted", False))
        return issue.correction_id

    def test_another_header_replaces_what_is_posted(self):
        """Who is owed, the number and the day are as much of it as the amounts."""
        self.clearing()
        self.process(
            self.event("vendor.upserted", data=self.vendor_data("V2"), sequence=1),
            *(
                self.event(
                    "employee.upserted",
                    data={"external_id": ref, "number": ref, "name": name},
                    sequence=1,
                )
                for ref, name in (("E1", "Kim Lee"), ("E2", "Ann Ray"))
            ),
        )

        def staff(*args, **over):
            return self.cost(*args, **{"paid": "employee", "employee": "E1"} | over)

        header = ({"number": "R-2"}, {"date": "2026-04-05"}, {"vendor": "V2"})
        for external_id, build, changes in (
            ("D1", self.cost, header),
            ("D2", self.card, (*header, {"paid": "employee", "employee": "E1"})),
            ("D3", staff, (*header, {"employee": "E2"})),
        ):
            parts = [self.cost_line(), self.cost_line("2", "-10.00")]  # with a credit in it
            move = self.posted(external_id, build, lines=parts)
            self.process(build(external_id, 2, lines=parts))
            self.assertEqual(self.move(external_id), move)
            for sequence, over in enumerate(changes, start=3):
                with self.subTest(external_id, **over):
                    values = {"lines": parts} | over
                    if "paid" in over:
                        event = self.cost(external_id, sequence, kind="card", **values)
                    else:
                        event = build(external_id, sequence, **values)
                    correction = self.assertReplaces(event, move)
            if external_id == "D1":
                correction.with_user(self.finance).action_release()
                self.drain()
                self.assertTrue(move._is_undone())
                self.assertEqual(self.move("D1").partner_id, self.bound("vendor", "V2"))

    def test_after_posting_a_correction_takes_it_back_first(self):
        self.clearing()
        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            move = self.posted(external_id, build)
            self.process(build(external_id, 2, note="said again"))
            for sequence, lines in (
                (3, [self.cost_line(amount="90.00")]),
                (4, [self.cost_line(cost_code="05-120")]),
            ):
                self.assertReplaces(build(external_id, sequence, lines=lines), move)
        self.assertFigures(actual=160)

    def test_a_later_accounting_date_is_no_other_document(self):
        """Its own day is what the platform says; the ledger may be locked then."""
        self.clearing()
        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            self.process(build(external_id))
            self.company.fiscalyear_lock_date = "2026-03-31"
            move = self.move(external_id).with_user(self.finance)
            move.date = "2026-04-01"
            move.action_release()
            self.assertEqual((move.state, str(move.date)), ("posted", "2026-04-01"))
            self.process(build(external_id, 2, note="said again"))
            self.assertReplaces(build(external_id, 3, date="2026-03-06"), move)
            self.company.fiscalyear_lock_date = False

    def test_void(self):
        self.clearing()

        def void(external_id):
            data = {"external_id": external_id, "date": "2026-03-09", "reason": "twice",
                    "by": {"name": "Pat"}}  # fmt: skip
            return self.event("direct_cost.voided", f"direct_cost/{external_id}", data, sequence=9)

        for external_id, build in (("D1", self.cost), ("D2", self.card)):
            self.process(build(external_id))
            self.process(void(external_id))
            self.assertEqual(self.move(external_id).state, "cancel")
            self.process(build(external_id, 10, note="again"))
            self.assertEqual(self.move(external_id).state, "draft")
        self.process(self.card("D3"))
        self.move("D3").with_user(self.finance).action_release()
        late = void("D3")
        self.apply(late)
        correction = self.assertParked(late["id"], "matching").correction_id
        correction.with_user(self.finance).action_release()
        self.drain()
        self.assertTrue(self.move("D3")._is_undone())
        self.assertFigures(actual=0)
        self.process(void("D4"))
        early = self.cost("D4", 1)
        self.apply(early)
        self.assertFalse(self.move("D4"))
