"""Phase, location and segments of the lines of budgets and commitments."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .domain import DomainCase
from .test_query_count import BATCH


class PlaceCase(DomainCase):
    def given(self):
        super().given()
        self.sent_job = self.setup_job(codes=("03-300",), budget=None)
        self.phase, self.second = (self.make_phase(code) for code in ("PH-1", "PH-2"))
        self.place = self.env["construction.location"].create(
            {"code": "L-7", "name": "Level 7", "kind": "floor"}
        )

    def make_phase(self, code, **values):
        return self.env["construction.phase"].create(
            {"code": code, "name": f"Phase {code}", "kind": "phase", **values}
        )

    def approved(self, *lines, name="B1", sequence=1, **over):
        data = self.budget_data(name, lines=list(lines), **over)
        return self.event("budget.approved", data=data, sequence=sequence)

    def commitment(self, *lines, name="C1", sequence=1, **over):
        data = self.commitment_data(name, lines=list(lines), **over)
        return self.event("commitment.approved", data=data, sequence=sequence)


@tagged("post_install", "-at_install")
class TestPlacesOfBudgets(PlaceCase, TransactionCase):
    def test_kept_on_the_line(self):
        self.process(self.approved(self.budget_line(
            "5.00", phase="PH-1", location={"code": "L-7"},
            segments={"zone": "N", "area": "A", "none": None},
        )))  # fmt: skip
        line = self.bound("budget", "B1").line_ids
        self.assertEqual((line.phase_id, line.location_id), (self.phase, self.place))
        self.assertEqual(line.segments, "area: A; zone: N")

    def test_equal_coding_of_two_phases_is_two_lines(self):
        self.process(self.approved(
            self.budget_line("5.00", phase="PH-1"), self.budget_line("6.00", phase="PH-2"),
            self.budget_line("7.00", phase="PH-2"), self.budget_line("8.00"),
        ))  # fmt: skip
        budget = self.bound("budget", "B1")
        self.assertEqual(
            sorted((line.phase_id.code or "", line.amount) for line in budget.line_ids),
            [("", 8), ("PH-1", 5), ("PH-2", 13)],
        )
        # figures are of job, code and type: one column adds up to the budget
        self.assertEqual(sum(budget.line_ids.mapped("available_amount")), 26)
        self.assertEqual(self.figures(self.sent_job, budget.line_ids.cost_code_id)["budget"], 26)

    def test_the_database_keeps_one_line_for_each_place(self):
        values = {"cost_code_id": self.code.id, "cost_type_id": self.material.id, "amount": 1}
        budget = self.env["construction.budget"].create(
            {"job_id": self.job.id, "version": "p",
             "line_ids": [Command.create(values), Command.create({**values,
                                                                  "phase_id": self.phase.id})]}
        )  # fmt: skip
        self.assertEqual(len(budget.copy().line_ids.phase_id), 1)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            budget.line_ids = [Command.create({**values, "phase_id": self.phase.id})]

    def test_typed_on_the_form_and_kept_to_the_job(self):
        manager = self.make_user("placing", "project_manager")
        form = Form(self.env["construction.budget"].with_user(manager))
        form.job_id = self.job
        form.version = "typed"
        with form.line_ids.new() as line:
            line.cost_code_id = self.code
            line.cost_type_id = self.material
            line.phase_id = self.make_phase("PH-J", job_id=self.job.id)
            line.location_id = self.place
            line.amount = 5
        budget = form.save()
        self.assertEqual(budget.line_ids.phase_id.code, "PH-J")
        with self.assertRaisesRegex(ValidationError, "belongs to job"):
            budget.job_id = self.sent_job

    def test_only_another_phase_is_another_version(self):
        self.process(self.approved(self.budget_line("5.00", phase="PH-1")))
        self.process(self.approved(self.budget_line("5.00", phase="PH-1"), sequence=2))
        first = self.bound("budget", "B1")
        self.assertEqual(first.line_ids.phase_id, self.phase)
        self.process(self.approved(self.budget_line("5.00", phase="PH-2"), sequence=3))
        self.assertEqual(self.bound("budget", "B1").line_ids.phase_id, self.second)
        self.assertEqual(first.state, "superseded")

    def test_a_typed_budget_without_phases_is_still_the_one_meant(self):
        code = self.env["construction.cost.code"].search(
            [("code", "=", "03-300"), ("company_id", "=", self.company.id)]
        )
        typed = self.budget(0, (code, self.material, 5), version="1", job=self.sent_job)
        self.process(self.approved(self.budget_line("5.00", phase="PH-1")))
        self.assertEqual(self.bound("budget", "B1"), typed)

    def test_no_query_for_each_line(self):
        def event(name):
            lines = [
                self.budget_line("5.00", line_id=str(n), phase=f"PH-{n % 2 + 1}", location="L-7")
                for n in range(40)
            ]
            return self.approved(*lines, name=name, version=name, sequence=next(self.numbers))

        self.queries_of(event("warm"))
        count = self.queries_of(event("one"))
        self.assertLess(count, BATCH * 4, "more queries than lines would need")


@tagged("post_install", "-at_install")
class TestPlacesOfCommitments(PlaceCase, TransactionCase):
    def test_kept_on_the_line_and_changed_by_a_newer_version(self):
        line = self.commitment_line(phase="PH-1", location="L-7", segments={"zone": "N"})
        self.process(self.commitment(line))
        made = self.bound("commitment", "C1").order_line
        self.assertEqual((made.phase_id, made.location_id), (self.phase, self.place))
        self.assertEqual(made.segments, "zone: N")
        self.process(self.commitment(line | {"phase": "PH-2", "location": None}, sequence=2))
        self.assertEqual((made.phase_id, made.location_id.id), (self.second, False))
        self.assertEqual(made.order_id.state, "purchase")

    def test_unknown_waits_and_goes_on_when_it_is_made(self):
        event = self.commitment(self.commitment_line(phase="PH-9"))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.assertFalse(self.bound("commitment", "C1"))
        phase = self.make_phase("PH-9")
        self.drain()
        self.assertEqual(self.bound("commitment", "C1").order_line.phase_id, phase)

    def test_map_and_resume(self):
        for field, kind, record in (
            ("phase_id", "phase", self.phase), ("location_id", "location", self.place)
        ):  # fmt: skip
            event = self.commitment(self.commitment_line(**{kind: "TH-EIRS"}), name=kind)
            self.apply(event)
            issue = self.assertParked(event["id"], "unmapped_reference")
            user = self.make_user(f"map-{kind}", "integration_manager")
            wizard = Form(
                self.env["construction.issue.map"].with_user(user).with_context(
                    default_issue_id=issue.id
                )
            )  # fmt: skip
            self.assertEqual(wizard.kind, kind)
            setattr(wizard, field, record)
            wizard.save().action_map()
            self.drain()
            self.assertEqual(self.bound("commitment", kind).order_line[field], record)
            row = self.env["construction.crosswalk"].search([("external_value", "=", "TH-EIRS"),
                                                             ("kind", "=", kind)])  # fmt: skip
            self.assertEqual(row.target, record)

    def test_a_location_by_the_platform_s_own_id(self):
        event = self.commitment(self.commitment_line(location="LOC-55"))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        data = {"external_id": "LOC-55", "code": "Z", "name": "Zone", "kind": "area"}
        self.process(self.event("location.upserted", data=data))
        self.drain()
        made = self.bound("commitment", "C1").order_line
        self.assertEqual(made.location_id, self.bound("location", "LOC-55"))
        by_ours = self.commitment_line(location={"origin_id": str(made.location_id.id)})
        self.process(self.commitment(by_ours, name="C2"))
        self.assertEqual(self.bound("commitment", "C2").order_line.location_id, made.location_id)

    def test_the_job_s_own_code_comes_before_the_shared_one(self):
        own = self.make_phase("PH-1", job_id=self.sent_job.id)
        self.make_phase("PH-1", job_id=self.job.id)
        self.process(self.commitment(self.commitment_line(phase="PH-1")))
        self.assertEqual(self.bound("commitment", "C1").order_line.phase_id, own)

    def test_that_of_another_job_or_company_is_not_taken(self):
        company = self.make_company("Apart P")
        self.make_phase("PH-3", job_id=self.job.id)
        self.make_phase("PH-4", company_id=company.id)
        for code in ("PH-3", "PH-4"):
            event = self.commitment(self.commitment_line(phase=code), name=code)
            self.apply(event)
            self.assertParked(event["id"], "unmapped_reference")

    def test_an_archived_one_waits_until_it_is_active(self):
        self.phase.active = False
        event = self.commitment(self.commitment_line(phase="PH-1"))
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.phase.active = True
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_typed_the_phase_is_of_the_order_s_job(self):
        foreign = self.make_phase("PH-F", job_id=self.sent_job.id)
        self.budget(100000)
        order = self.order(self.line())
        order.order_line.write({"phase_id": self.phase.id, "location_id": self.place.id})
        with self.assertRaisesRegex(ValidationError, "belongs to job"), self.env.cr.savepoint():
            order.order_line.phase_id = foreign
        order.project_id = self.sent_job
        order.order_line.phase_id = foreign
        order.project_id = self.job
        with self.assertRaisesRegex((UserError, ValidationError), "belongs to job"):
            order.button_confirm()

    def test_searched_and_grouped_by_whoever_reads_the_order(self):
        self.process(self.commitment(self.commitment_line(phase="PH-1", amount="10.00"),
                                     self.commitment_line("2", "5.00", phase="PH-2")))  # fmt: skip
        order = self.bound("commitment", "C1")
        reader = self.make_user("place-reader", "project_user")
        lines = self.env["purchase.order.line"].with_user(reader)
        groups = lines._read_group(
            [("order_id", "=", order.id)], ["phase_id"], ["price_subtotal:sum"]
        )
        self.assertEqual([(phase.code, total) for phase, total in groups],
                         [("PH-1", 10), ("PH-2", 5)])  # fmt: skip
        found = lines.search([("phase_id", "child_of", self.phase.id)])
        self.assertEqual(found.line_ref, "1")
        with self.assertRaises(AccessError):
            self.phase.with_user(reader).write({"name": "x"})

    def test_phases_need_no_query_for_each_line(self):
        def events(name, **more):
            return [
                self.commitment(
                    *[self.commitment_line(str(n), "1.00", **more) for n in range(10)],
                    name=f"{name}{number}",
                )
                for number in range(BATCH)
            ]

        self.process(self.approved(self.budget_line("1000000.00")))
        self.queries_of(*events("warm"))
        without = self.queries_of(*events("plain"))
        placed = self.queries_of(*events("placed", phase="PH-1", location="L-7"))
        self.assertLessEqual(placed - without, 20)
