"""A document typed while the platform was down is bound to the later event, and no second
one appears. What is not certain is a question to a person."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


class TypedCase(DomainCase):
    def choose(self, issue, record=None, user=None):
        """Answer “Which one is it?” with a record, or with a new one."""
        action = issue.with_user(user or self.env.user).action_choose_dialog()
        wizard = self.env[action["res_model"]].with_user(user or self.env.user)
        wizard = wizard.browse(action["res_id"])
        if record is None:
            return wizard.action_make_new()
        found = wizard.candidate_ids.filtered(
            lambda c: (c.res_model, c.res_id) == (record._name, record.id)
        )
        self.assertTrue(found, wizard.candidate_ids.mapped("name"))
        return found.action_bind()

    def sent_code(self, code):
        """The cost code that an event made; the shared one of the builders is another."""
        return self.env["construction.cost.code"].search(
            [("code", "=", code), ("company_id", "=", self.company.id)]
        )

    def adopted(self, record):
        rows = self.env["construction.audit"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)]
        )
        return rows.filtered(lambda row: row.action == "record_adopted")


@tagged("post_install", "-at_install")
class TestTypedCommitment(TypedCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.job = self.setup_job(codes=("03-300", "05-120"))
        self.vendor = self.bound("vendor", "V1")
        self.code, self.other_code = self.sent_code("03-300"), self.sent_code("05-120")

    def approved(self, *lines, external_id="C1", sequence=1, **over):
        lines = lines or (self.commitment_line("1", "1000.00", description="Work"),)
        data = self.commitment_data(external_id, lines=list(lines), **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def orders(self):
        return self.env["purchase.order"].search([("project_id", "=", self.job.id)])

    def test_exact(self):
        order = self.order(commitment_number=" po-c1", confirm=True)
        self.process(self.approved())
        self.assertEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.amount_untaxed, order.state), (1000, "purchase"))
        self.assertEqual(order.order_line.line_ref, "1")
        self.assertEqual(order.commitment_number, "PO-C1")
        self.assertIn("Pat Manager", order.platform_approval)
        self.assertEqual(len(self.adopted(order)), 1)
        self.assertEqual(self.adopted(order).actor_id, self.platform.service_user_id)

    def test_the_vendor_reference_typed_by_hand(self):
        order = self.order(partner_ref="PO-C1", confirm=True)
        self.process(self.approved())
        self.assertEqual(self.orders(), order)
        self.assertEqual(order.commitment_number, "PO-C1")

    def test_the_next_version_finds_the_typed_lines(self):
        order = self.order(
            self.line(name="Slab"), self.line(500, self.other_code, name="Steel"),
            commitment_number="PO-C1", confirm=True,
        )  # fmt: skip
        steel = self.commitment_line("b", "500.00", cost_code="05-120", description="Steel")
        slab = self.commitment_line("a", "1000.00", description="Slab")
        self.process(self.approved(steel, slab))
        self.assertEqual(order.order_line.mapped("line_ref"), ["a", "b"])
        self.process(self.approved(slab | {"amount": "1200.00"}, steel, sequence=2))
        self.assertEqual(order.order_line.mapped("price_subtotal"), [1200, 500])
        self.assertEqual(self.orders(), order)

    def test_a_draft_is_completed_and_confirmed(self):
        order = self.order(
            self.line(name="Slab"), self.line(70, self.other_code, name="Not theirs"),
            commitment_number="PO-C1",
        )  # fmt: skip
        self.process(self.approved(self.commitment_line("a", "900.00", description="Slab")))
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.state, order.amount_untaxed), ("purchase", 900))
        self.assertEqual(order.original_amount, 900)
        self.assertEqual(order.order_line.mapped("line_ref"), ["a"])
        self.assertEqual(str(order.date_order), "2026-03-02 12:00:00")

    def test_differences_are_taken_over_while_nothing_was_received_or_billed(self):
        order = self.order(
            self.line(name="Slab"), self.line(70, self.other_code, name="Not theirs"),
            commitment_number="PO-C1", confirm=True,
        )  # fmt: skip
        self.process(self.approved(self.commitment_line("a", "900.00", description="Slab")))
        self.assertEqual(self.orders(), order)
        self.assertEqual(order.order_line.mapped("price_subtotal"), [900, 0])
        self.assertEqual(order.original_amount, 900)
        self.assertIn("Not theirs", self.adopted(order).detail)

    def test_equal_amounts_are_bound_although_billed(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        self.process(self.approved())
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.order_line.line_ref, order.billed_amount), ("1", 400))

    def test_differences_of_what_was_billed_are_a_question(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "1500.00"))
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual(self.orders(), order)
        self.assertIn("1,500.00", issue.candidates[0]["differences"])
        self.assertEqual(order.order_line.line_ref, False)
        self.choose(issue, order)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.orders(), order)
        self.assertEqual((order.amount_untaxed, order.billed_amount), (1500, 400))

    def test_bound_by_hand_it_still_never_falls_below_what_was_billed(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "300.00"))
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"), order)
        self.drain()
        self.assertParked(event["id"], "matching")
        self.assertEqual(order.amount_untaxed, 1000)

    def test_a_new_one_by_decision(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        self.bill(order, 400)
        event = self.approved(self.commitment_line("1", "1500.00"))
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(len(self.orders()), 2)
        self.assertNotEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(order.amount_untaxed, 1000)

    def test_several_are_a_question(self):
        orders = self.order(commitment_number="PO-C1") | self.order(partner_ref="PO-C1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual({c["id"] for c in issue.candidates}, set(orders.ids))
        self.choose(issue, orders[1])
        self.drain()
        self.assertEqual(self.bound("commitment", "C1"), orders[1])
        self.assertEqual(orders.mapped("state"), ["draft", "purchase"])

    def test_another_vendor_is_a_question_another_job_is_none(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self.order(commitment_number="PO-C1", partner_id=other.id)
        event = self.approved()
        self.apply(event)
        self.assertIn("Other", self.assertParked(event["id"], "duplicate").candidates[0][
            "differences"])  # fmt: skip
        elsewhere = self.order(commitment_number="PO-C2", project_id=self.make_job("26-555").id)
        self.process(self.approved(external_id="C2"))
        self.assertNotEqual(self.bound("commitment", "C2"), elsewhere)

    def test_closed_and_cancelled_ones(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        order._close_commitment("final", "2026-03-05")
        event = self.approved()
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        cancelled = self.order(commitment_number="PO-C2")
        cancelled.button_cancel()
        self.process(self.approved(external_id="C2"))
        self.assertNotEqual(self.bound("commitment", "C2"), cancelled)

    def test_of_another_company(self):
        second = self.make_company("Second")
        job = self.make_job("26-J1", company_id=second.id)
        order = self.order(
            self.line(tax_ids=[]), commitment_number="PO-C1", project_id=job.id,
            company_id=second.id,
        )  # fmt: skip
        self.process(self.approved())
        self.assertNotEqual(self.bound("commitment", "C1"), order)
        self.assertEqual(order.state, "draft")

    def test_one_order_is_not_taken_twice(self):
        order = self.order(commitment_number="PO-7", confirm=True)
        one = self.approved(external_id="C1", number="PO-7")
        two = self.approved(external_id="C2", number="PO-7")
        self.apply(one, two)
        states = {self.state(one["id"]), self.state(two["id"])}
        self.assertEqual(states, {"processed", "parked"})
        self.assertEqual(self.orders(), order)
        self.drain()
        third = self.approved(external_id="C3", number="PO-7")
        self.process(third)  # bound to this platform already: no candidate any more
        self.assertNotEqual(self.bound("commitment", "C3"), order)

    def test_what_another_platform_reports_is_a_question(self):
        self.process(self.approved())
        second = self.make_platform("tests-second", self.company)
        for object_name, external_id, record in (
            ("job", "J1", self.job), ("vendor", "V1", self.vendor),
        ):  # fmt: skip
            self.env["construction.binding"]._bind_by_hand(second, object_name, external_id, record)
        event = self.approved()
        self.apply(event, platform=second)
        self.assertParked(event["id"], "duplicate", platform=second)

    def test_a_budget_overrun_leaves_the_draft_as_it_was(self):
        self.policy(budget_check="block")
        order = self.order(commitment_number="PO-C1")
        event = self.approved(self.commitment_line("1", "200000.00"))
        self.apply(event)
        self.assertParked(event["id"], "budget")
        self.assertEqual((order.state, order.amount_untaxed), ("draft", 1000))
        self.assertFalse(order.order_line.line_ref)

    def test_replay(self):
        order = self.order(commitment_number="PO-C1", confirm=True)
        event = self.approved()
        self.process(event)
        before = order.read(load=None), order.order_line.read(load=None)
        self.assertEqual(self.send(event), ["duplicate"])
        again = self.approved(sequence=1)
        self.apply(again)
        self.assertEqual(self.state(again["id"]), "superseded")
        self.assertEqual((order.read(load=None), order.order_line.read(load=None)), before)
        self.assertEqual(self.orders(), order)
        self.assertEqual(len(self.adopted(order)), 1)

    def test_who_may_choose(self):
        self.order(commitment_number="PO-C1")
        self.order(commitment_number="PO-C1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        reader = self.make_user("typed-reader", "project_user")
        with self.assertRaises(AccessError):
            issue.with_user(reader).action_choose_dialog()
        manager = self.make_user("typed-manager", "integration_manager")
        self.choose(issue, user=manager)
        self.drain()
        self.assertEqual(len(self.orders()), 3)


@tagged("post_install", "-at_install")
class TestTypedJob(TypedCase, TransactionCase):
    def upsert(self, **over):
        return self.event("job.upserted", data=self.job_data(**over), sequence=1)

    def jobs(self):
        return self.env["project.project"].with_context(active_test=False).search(
            [("is_job", "=", True), ("job_number", "=ilike", "26-J1")]
        )  # fmt: skip

    def test_exact_whatever_case_and_blanks(self):
        job = self.make_job("26-j1", name="JOB  J1")
        event = self.upsert(status="on_hold")
        self.process(event)
        self.assertEqual(self.bound("job", "J1"), job)
        self.assertEqual(self.jobs(), job)
        self.assertEqual((job.job_status, job.job_number), ("on_hold", "26-J1"))
        self.assertEqual(len(self.adopted(job)), 1)
        self.assertEqual(self.send(event), ["duplicate"])

    def test_another_name_is_a_question(self):
        job = self.make_job("26-J1", name="Parking deck")
        event = self.upsert()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertFalse(issue.may_be_new)
        self.assertIn("Parking deck", issue.candidates[0]["differences"])
        self.choose(issue, job)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.jobs(), job)

    def test_archived_and_closed_ones_are_a_question(self):
        job = self.make_job("26-J1", name="Job J1")
        job.active = False
        event = self.upsert()
        self.apply(event)
        self.assertIn("archived", self.assertParked(event["id"], "duplicate").candidates[0][
            "differences"])  # fmt: skip
        self.assertEqual(self.jobs(), job)

    def test_of_another_company(self):
        second = self.make_company("Second")
        other = self.make_job("26-J1", name="Job J1", company_id=second.id)
        self.process(self.upsert())
        self.assertNotEqual(self.bound("job", "J1"), other)

    def test_bound_to_this_platform_it_is_taken(self):
        self.make_job("26-J1", name="Job J1")
        self.process(self.upsert())
        twin = self.event(
            "job.upserted", data=self.job_data("J2", number="26-J1", name="Job J1"), sequence=1
        )
        self.apply(twin)
        self.assertFalse(self.assertParked(twin["id"], "duplicate").candidates)


@tagged("post_install", "-at_install")
class TestTypedBudget(TypedCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.job = self.setup_job(codes=("03-300",), budget=None)
        self.code = self.sent_code("03-300")

    def approved(self, amount="5000.00", sequence=1, **over):
        data = self.budget_data(lines=[self.budget_line(amount)], **over)
        return self.event("budget.approved", data=data, sequence=sequence)

    def test_exact(self):
        budget = self.budget(5000, version="1")
        self.process(self.approved())
        self.assertEqual(self.bound("budget", "B1"), budget)
        self.assertEqual(self.job.budget_ids, budget)
        self.assertEqual(len(self.adopted(budget)), 1)

    def test_a_draft_takes_the_lines_of_the_event(self):
        budget = self.budget(4000, version="1")
        draft = budget.copy({"version": "7"})
        self.process(self.approved("5000.00", version="7"))
        self.assertEqual(self.bound("budget", "B1"), draft)
        self.assertEqual((draft.state, draft.amount_total), ("approved", 5000))
        self.assertEqual(budget.state, "superseded")

    def test_other_figures_are_a_question_bind(self):
        budget = self.budget(4000, version="1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertIn("5,000.00", issue.candidates[0]["differences"])
        self.choose(issue, budget)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.job.budget_ids, budget)
        self.assertEqual(budget.amount_total, 4000)

    def test_other_figures_are_a_question_new(self):
        budget = self.budget(4000, version="1")
        event = self.approved()
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertEqual(self.job.budget_id.amount_total, 5000)
        self.assertEqual((budget.state, self.job.budget_id.version), ("superseded", "1.2"))

    def test_of_another_job_or_version(self):
        self.budget(5000, version="1", job=self.make_job("26-777"))
        typed = self.budget(5000, version="9")
        self.process(self.approved())
        self.assertNotIn(self.bound("budget", "B1"), typed)
        self.assertEqual(self.job.budget_id.version, "1")

    def test_of_another_company(self):
        second = self.make_company("Second")
        job = self.make_job("26-J1", company_id=second.id)
        code = self.make_code("03-300", company_id=second.id)
        typed = self.budget(0, (code, self.material, 5000), version="1", job=job)
        self.process(self.approved())
        self.assertNotEqual(self.bound("budget", "B1"), typed)

    def test_replay(self):
        budget = self.budget(5000, version="1")
        event = self.approved()
        self.process(event)
        self.assertEqual(self.send(event), ["duplicate"])
        self.process(self.approved(sequence=2))  # a newer version with the same figures
        self.assertEqual(self.job.budget_ids, budget)


@tagged("post_install", "-at_install")
class TestTypedVendor(TypedCase, TransactionCase):
    def upsert(self, external_id="V1", **over):
        data = self.vendor_data(external_id, **over)
        return self.event("vendor.upserted", data=data, sequence=1)

    def partner(self, **values):
        values = {"name": "Acme Steel", "is_company": True, "supplier_rank": 1} | values
        return self.env["res.partner"].create(values)

    def count(self):
        return self.env["res.partner"].search_count([("construction_name_key", "=", "acme steel")])

    def test_exact_by_tax_id(self):
        partner = self.partner(vat="12-3456789")
        event = self.upsert(name="Acme Steel, Inc.", vat="123456789")
        self.process(event)
        self.assertEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual(len(self.adopted(partner)), 1)
        self.assertEqual(self.send(event), ["duplicate"])

    def test_the_name_alone_is_a_question(self):
        partner = self.partner(email="ap@acme.example")
        event = self.upsert(name="ACME steel", vat="12-3456789", email="ar@acme.example")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertIn("ar@acme.example", issue.candidates[0]["differences"])
        self.assertEqual(self.count(), 1)
        self.choose(issue, partner)
        self.drain()
        self.assertEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual((self.count(), partner.vat), (1, "12-3456789"))

    def test_a_new_one_by_decision(self):
        partner = self.partner()
        event = self.upsert(name="Acme Steel")
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertNotEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual(self.count(), 2)

    def test_another_tax_id_speaks_against_it(self):
        partner = self.partner(vat="99-9")
        self.process(self.upsert(name="Acme Steel", vat="12-3"))
        self.assertNotEqual(self.bound("vendor", "V1"), partner)

    def test_bound_already_it_is_none(self):
        self.process(self.upsert(name="Acme Steel"))
        self.process(self.upsert("V2", name="Acme Steel"))
        self.assertEqual(self.count(), 2)

    def test_several(self):
        one, two = self.partner(vat="12-34"), self.partner(vat="1234")
        event = self.upsert(vat="12-34")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual({c["id"] for c in issue.candidates}, {one.id, two.id})
        self.choose(issue, two)
        self.drain()
        self.assertEqual(self.bound("vendor", "V1"), two)

    def test_of_another_company(self):
        second = self.make_company("Second")
        self.partner(company_id=second.id)
        self.process(self.upsert(name="Acme Steel"))
        self.assertFalse(self.bound("vendor", "V1").company_id)
