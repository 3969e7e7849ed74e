"""Forecasts of jobs: entered, signed month by month, compared."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation

from .domain import DomainCase

MAY, JUNE, JULY = (date(2026, month, 1) for month in (5, 6, 7))


class ForecastCase(DomainCase):
    def given(self):
        super().given()
        self.budget(100000.0, (self.code, self.material, 60000), (self.other_code, self.material,
                                                                   40000))  # fmt: skip
        self.pm = self.make_user("forecaster", "project_manager")

    def forecast(self, month=MAY, user=None, **values):
        forecast = (
            self.env["construction.forecast"]
            .with_user(user or self.pm)
            .create({"job_id": self.job.id, "month": month, **values})
        )
        forecast.action_take_figures()
        return forecast

    def line_of(self, forecast, code=None):
        return forecast.line_ids.filtered(lambda line: line.cost_code_id == (code or self.code))


@tagged("post_install", "-at_install")
class TestForecasts(ForecastCase, TransactionCase):
    def test_a_new_one_holds_a_line_for_each_key(self):
        self.order(self.line(20000), confirm=True)
        self.cost_entry(5000)
        forecast = self.forecast()
        line = self.line_of(forecast)
        self.assertEqual(len(forecast.line_ids), 2)
        self.assertEqual((line.budget, line.actual, line.open), (60000, 5000, 20000))
        self.assertEqual((line.to_complete, line.at_completion, line.variance), (35000, 60000, 0))
        self.assertEqual((forecast.at_completion, forecast.variance), (100000, 0))

    def test_vf1_through_documents(self):
        """Manual 25,000 on projected 95,000 of 115,000: 120,000, over by 5,000."""
        job = self.make_job("26-F1")
        self.budget(115000, job=job)
        self.order(self.line(80000), project_id=job.id, confirm=True)
        self.cost_entry(15000, self.key(job))
        forecast = self.forecast(job_id=job.id)
        self.assertEqual((forecast.projected, forecast.to_complete), (95000, 20000))
        self.line_of(forecast).write({"method": "manual", "amount": 25000})
        self.assertEqual((forecast.at_completion, forecast.variance), (120000, -5000))
        self.cost_entry(23000, self.key(job))
        self.line_of(forecast).method = "automatic"
        forecast.action_take_figures()
        self.assertEqual((forecast.to_complete, forecast.at_completion), (0, 118000))
        self.assertEqual(forecast.variance, -3000)

    def test_vf2_through_documents(self):
        """A bill of 20,000 against a commitment of 50,000 leaves the projected cost alone."""
        job = self.make_job("26-F2")
        self.budget(50000, job=job)
        order = self.order(self.line(50000), project_id=job.id, confirm=True)
        self.bill(order, 20000)
        line = self.line_of(self.forecast(job_id=job.id))
        self.assertEqual((line.actual, line.open, line.projected), (20000, 30000, 50000))

    def test_methods(self):
        self.order(self.line(20000), confirm=True)
        self.cost_entry(5000)
        line = self.line_of(self.forecast())
        for values, total in (
            ({"method": "lump_sum", "amount": 70000}, 70000),
            ({"method": "estimate", "amount": 30000}, 35000),
            ({"method": "manual", "amount": 1}, 25001),
            ({"method": "per_unit", "units": 12.5, "unit_cost": 80}, 26000),
        ):
            with self.subTest(values["method"]):
                line.write(values)
                self.assertEqual(line.at_completion, total)
                self.assertEqual(line.variance, 60000 - total)

    def test_signed_and_compared_with_the_month_before(self):
        first = self.forecast(MAY)
        self.line_of(first).write({"method": "lump_sum", "amount": 65000, "comment": "steel"})
        first.with_user(self.pm).action_sign()
        self.assertEqual((first.state, first.signed_by_id), ("signed", self.pm))
        self.assertFalse(first.fade, "nothing to compare with")
        second = self.forecast(JUNE)
        line = self.line_of(second)
        self.assertEqual((line.method, line.amount, line.comment), ("lump_sum", 65000, "steel"))
        self.assertEqual((line.last_completion, line.fade), (65000, 0))
        line.amount = 72000
        self.assertEqual((line.fade, second.fade), (7000, 7000))
        self.assertEqual(second.previous_id, first)

    def test_an_entered_estimate_is_carried_as_the_cost_at_completion(self):
        """What was still to come in May is not still to come in June."""
        self.cost_entry(5000)
        first = self.forecast(MAY)
        self.line_of(first).write({"method": "estimate", "amount": 50000})
        first.action_sign()
        self.cost_entry(20000)
        line = self.line_of(self.forecast(JUNE))
        self.assertEqual((line.method, line.at_completion, line.fade), ("lump_sum", 55000, 0))
        self.assertEqual(line.to_complete, 30000)

    def test_a_signed_one_stays(self):
        forecast = self.forecast()
        forecast.action_sign()
        line = self.line_of(forecast)
        for change in (
            lambda: line.write({"amount": 5}),
            lambda: line.unlink(),
            lambda: forecast.write({"comment": "x"}),
            lambda: forecast.write({"line_ids": [Command.clear()]}),
            lambda: forecast.unlink(),
            lambda: forecast.action_take_figures(),
            lambda: line.copy({"cost_type_id": self.subcontract.id}),
        ):
            with self.assertRaises(UserError):
                change()
        self.cost_entry(5000)
        self.assertEqual(line.actual, 0, "the figures of the moment of signing")

    def test_correcting_supersedes(self):
        forecast = self.forecast()
        self.line_of(forecast).write({"method": "lump_sum", "amount": 65000})
        forecast.action_sign()
        action = forecast.action_correct()
        draft = self.env["construction.forecast"].browse(action["res_id"])
        self.assertEqual(self.line_of(draft).amount, 65000)
        draft.with_user(self.pm).action_sign()
        self.assertEqual((forecast.state, draft.state), ("superseded", "signed"))
        with self.assertRaises(UserError):
            draft.copy().action_correct()

    def test_only_the_button_signs(self):
        forecast = self.forecast()
        for values in ({"state": "signed"}, {"signed_at": "2026-01-01"}, {"source": "platform"}):
            with self.assertRaises(UserError):
                forecast.write(values)
            with self.assertRaises(UserError):
                self.env["construction.forecast"].create({"job_id": self.job.id, **values})

    def test_the_database_keeps_the_rules(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.forecast(date(2026, 5, 2))

    def test_one_draft_for_a_month(self):
        self.forecast()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.forecast()

    def test_form(self):
        with Form(self.env["construction.forecast"].with_user(self.pm)) as form:
            form.job_id = self.job
        self.assertEqual(form.record.month.day, 1)

    def test_few_queries_for_many_lines(self):
        def count(lines):
            job = self.make_job(self.unique("26-Q"))
            codes = [self.make_code(self.unique("09-")) for _number in range(lines)]
            self.budget(0, *[(code, self.material, 10) for code in codes], job=job)
            forecast = self.env["construction.forecast"].create({"job_id": job.id, "month": MAY})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            forecast.action_take_figures()
            self.env.flush_all()
            self.assertEqual(len(forecast.line_ids), lines)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(60) - count(10), 5)


@tagged("post_install", "-at_install")
class TestForecastRights(ForecastCase, TransactionCase):
    def test_who_signs(self):
        forecast = self.forecast()
        for group in ("project_user", "auditor", "integration_manager"):
            with self.assertRaises(AccessError):
                forecast.with_user(self.make_user(f"no-{group}", group)).action_sign()
        forecast.with_user(self.make_user("yes-fin", "finance")).action_sign()
        self.assertEqual(forecast.state, "signed")

    def test_project_users_read_their_jobs(self):
        self.job.privacy_visibility = "followers"
        forecast = self.forecast()
        reader = self.make_user("fc-reader", "project_user")
        self.assertFalse(self.env["construction.forecast"].with_user(reader).search([]))
        self.job.message_subscribe(reader.partner_id.ids)
        found = self.env["construction.forecast"].with_user(reader).search([])
        self.assertEqual(found, forecast)
        self.assertTrue(found.line_ids.mapped("at_completion"))

    def test_other_company(self):
        forecast = self.forecast()
        company = self.make_company("Elsewhere Forecasts")
        other = self.make_user("fc-elsewhere", "project_manager", company=company)
        found = self.env["construction.forecast"].with_user(other).search([])
        self.assertNotIn(forecast, found)
        with self.assertRaises(AccessError):
            forecast.with_user(other).read(["at_completion"])


@tagged("post_install", "-at_install")
class TestForecastEvents(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.sent_job = self.setup_job(codes=("03-300",), budget="100000.00")

    def approved(self, external_id="F1", sequence=1, amount="40000.00", month="2026-05", **over):
        data = {
            "external_id": external_id, "job": "J1", "month": month, "as_of": "2026-05-31",
            "currency": self.company.currency_id.name,
            "lines": [{"cost_code": "03-300", "cost_type": "material",
                       "estimate_to_complete": amount, "note": "as agreed"}],
            "approved_by": {"name": "Pat Manager"}, "approved_at": "2026-06-01T08:00:00+00:00",
            **over,
        }  # fmt: skip
        subject = f"forecast/{external_id}"
        return self.event("forecast.approved", subject=subject, data=data, sequence=sequence)

    def test_signed_by_the_platform(self):
        self.process(self.approved(completion_on="2027-03-01", revenue_at_completion="200000.00"))
        forecast = self.bound("forecast", "F1")
        self.assertEqual((forecast.state, forecast.source), ("signed", "platform"))
        self.assertEqual((forecast.signed_name, forecast.month), ("Pat Manager", MAY))
        line = forecast.line_ids.filtered("amount")
        self.assertEqual((line.method, line.amount), ("estimate", 40000))
        self.assertEqual((line.at_completion, line.variance), (40000, 60000))
        self.assertEqual(forecast.revenue_at_completion, 200000)

    def test_cost_after_its_day_is_inside_the_estimate(self):
        """Sent on 31 May, applied when June's cost was in the books already."""
        code = self.env["construction.cost.code"].search(
            [("code", "=", "03-300"), ("id", "!=", self.code.id)], order="id desc", limit=1
        ) or self.code  # fmt: skip
        key = self.key(self.sent_job, code)
        self.cost_entry(1000, key, date="2026-05-31")
        self.cost_entry(7000, key, date="2026-06-01")
        self.process(self.approved())
        forecast = self.bound("forecast", "F1")
        self.assertEqual(str(forecast.cost_until), "2026-05-31")
        line = forecast.line_ids.filtered("amount")
        self.assertEqual((line.actual, line.at_completion), (1000, 41000))
        self.assertEqual(self.sent_job.job_at_completion, 41000)

    def test_a_newer_version_supersedes(self):
        self.process(self.approved())
        first = self.bound("forecast", "F1")
        self.process(self.approved(sequence=2, amount="45000.00"))
        self.assertEqual(first.state, "superseded")
        self.assertEqual(self.bound("forecast", "F1").at_completion, 45000)

    def test_the_same_again_changes_nothing(self):
        event = self.approved()
        self.process(event)
        before = self.env["construction.forecast"].search_count([])
        self.apply(self.approved(sequence=1), event)
        self.assertEqual(self.env["construction.forecast"].search_count([]), before)

    def test_replayed_it_stays(self):
        event = self.approved(note="as agreed", completion_on="2027-03-01")
        self.process(event)
        signed = self.bound("forecast", "F1")
        self.cost_entry(5000, self.key(self.sent_job, signed.line_ids.cost_code_id))
        manager = self.make_user("fc-manager", "integration_manager")
        wizard = (
            self.env["construction.replay.start"]
            .with_user(manager)
            .create(
                {
                    "event_ids": self.stored(event["id"]).ids,
                    "reason": "looked wrong",
                    "version": "now",
                }
            )
        )
        replay = self.env["construction.replay"].browse(wizard.action_start()["res_id"])
        with self.shared_cursors():
            replay._step()
        self.assertFalse(replay.diff_ids)
        self.assertEqual(self.bound("forecast", "F1"), signed)
        self.assertEqual((signed.state, signed.at_completion), ("signed", 40000))

    def test_how_a_replay_compares_it(self):
        self.process(self.approved())
        forecast = self.bound("forecast", "F1")
        readings = self.env["construction.reapply"]._readings([(forecast._name, forecast.id)])
        (reading,) = readings.values()
        self.assertEqual(reading.values["Comment, line 03-300 / Material"], "as agreed")

    def test_a_draft_here_stays_a_draft(self):
        draft = self.env["construction.forecast"].create({"job_id": self.sent_job.id, "month": MAY})
        self.process(self.approved())
        self.assertEqual(draft.state, "draft")
        self.assertEqual(self.bound("forecast", "F1").state, "signed")

    def test_what_cannot_be_read_waits(self):
        event = self.approved(lines=[{"cost_code": "99-999", "cost_type": "material",
                                      "estimate_to_complete": "1.00"}])  # fmt: skip
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        twice = [{"cost_code": "03-300", "cost_type": "material", "estimate_to_complete": "1.00"}]
        event = self.approved("F2", lines=twice * 2)
        self.apply(event)
        self.assertParked(event["id"], "amount")
        event = self.approved("F3", amount="1.005")
        self.apply(event)
        self.assertParked(event["id"], "amount")

    def test_the_report_reads_the_latest_signed(self):
        self.process(self.approved(amount="120000.00"))
        figures = self.env["construction.job.cost"].search([("job_id", "=", self.sent_job.id)])
        self.assertEqual(
            (figures.budget, figures.to_complete, figures.at_completion, figures.variance),
            (100000, 120000, 120000, -20000),
        )
        self.process(self.approved("F2", month="2026-06", amount="90000.00"))
        self.env.invalidate_all()
        self.assertEqual((figures.at_completion, figures.variance), (90000, 10000))
        self.assertEqual(self.sent_job.job_at_completion, 90000)

    def test_cost_beyond_the_forecast_shows(self):
        """The signed cost at completion is no lid: what is spent and ordered counts."""
        self.process(self.approved(amount="90000.00"))
        code = self.bound("forecast", "F1").line_ids.cost_code_id
        self.cost_entry(95000, self.key(self.sent_job, code))
        figures = self.env["construction.job.cost"].search([("job_id", "=", self.sent_job.id)])
        self.assertEqual((figures.to_complete, figures.at_completion), (0, 95000))
        self.assertEqual(self.sent_job.job_at_completion, 95000)

    def test_a_key_that_only_the_forecast_knows(self):
        code = self.make_code("31-000")
        forecast = self.env["construction.forecast"].create({
            "job_id": self.sent_job.id, "month": MAY,
            "line_ids": [Command.create({"cost_code_id": code.id, "cost_type_id": self.material.id,
                                         "method": "lump_sum", "amount": 700})],
        })  # fmt: skip
        forecast.action_sign()
        report = self.env["construction.job.cost"].search(
            [("job_id", "=", self.sent_job.id), ("cost_code_id", "=", code.id)]
        )
        self.assertEqual((report.budget, report.at_completion, report.variance), (0, 700, -700))
        self.assertEqual(report.division_id, code)
        self.assertEqual(self.sent_job.job_at_completion, 100700)
