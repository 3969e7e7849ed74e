"""The coding rule: a cost line of a job names one job, one code and one type at 100 %."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


class Keys(DomainCase):
    """Every way in which a coding can be wrong."""

    def ids(self, *records):
        names = {"project.project": "account_id"}
        return ",".join(
            str(record[names.get(record._name, "analytic_account_id")].id) for record in records
        )

    def wrong_keys(self):
        archived = self.make_code("98-100")
        archived.active = False
        bare = self.make_code("98-200")
        bare.analytic_account_id.active = False
        second = self.make_company("Second")
        abroad = self.make_code("98-300", company_id=second.id)
        other_job = self.make_job("26-900")
        of_other_job = self.make_code("98-400", job_id=other_job.id)
        plain = self.env["project.project"].create({"name": "Plain"})
        plain.account_id = self.env["account.analytic.account"].create(
            {"name": "Plain", "plan_id": self.coding._plan("job").id}
        )
        full = self.ids(self.job, self.code, self.material)
        second_key = self.ids(self.job, self.other_code, self.material)
        return {
            "nothing": False,
            "job alone": {self.ids(self.job): 100},
            "no type": {self.ids(self.job, self.code): 100},
            "no code": {self.ids(self.job, self.material): 100},
            "no job": {self.ids(self.code, self.material): 100},
            "two codes": {self.ids(self.job, self.code, self.other_code, self.material): 100},
            "two types": {self.ids(self.job, self.code, self.material, self.subcontract): 100},
            "two jobs": {self.ids(self.job, other_job, self.code, self.material): 100},
            "another account of the job's plan": {full + f",{plain.account_id.id}": 100},
            "archived code": {self.ids(self.job, archived, self.material): 100},
            "archived account": {self.ids(self.job, bare, self.material): 100},
            "code of another company": {self.ids(self.job, abroad, self.material): 100},
            "code of another job": {self.ids(self.job, of_other_job, self.material): 100},
            "split": {full: 60, second_key: 40},
            "half": {full: 50},
            "twice": {full: 100, second_key: 100},
        }

    def assertRefused(self, name, act, *args):
        with self.assertRaises(UserError, msg=name), self.cr.savepoint():
            act(*args)
            self.env.flush_all()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestCodingKey(Keys, TransactionCase):
    def test_the_key_starts_with_the_job_and_reads_back(self):
        key = self.key()
        self.assertEqual(list(key), [self.ids(self.job, self.code, self.material)])
        self.assertEqual(list(key.values()), [100])
        (read,) = self.coding._read_distribution([key])
        self.assertEqual(
            (read["job"], read["cost_code"], read["cost_type"], read["keys"], read["percent"]),
            (self.job, self.code, self.material, 1, 100),
        )

    def test_accounts_of_other_plans_may_ride_along(self):
        plan = self.env["account.analytic.plan"].create({"name": "Department"})
        extra = self.env["account.analytic.account"].create({"name": "East", "plan_id": plan.id})
        key = {f"{next(iter(self.key()))},{extra.id}": 100}
        self.cost_entry(coding=key)

    def test_queries_do_not_grow_with_the_lines(self):
        keys = [self.key(code=self.make_code(f"97-{n}")) for n in range(10)]
        self.coding._read_distribution(keys)
        self.env.invalidate_all()
        with self.assertQueryCount(4):
            self.coding._read_distribution(keys)


@tagged("post_install", "-at_install")
class TestCodingOfOrders(Keys, TransactionCase):
    def test_codes_write_the_key(self):
        order = self.order()
        self.assertEqual(order.order_line.analytic_distribution, self.key())

    def test_the_key_gives_the_codes(self):
        line = self.line()
        for name in ("cost_code_id", "cost_type_id"):
            line.pop(name)
        order = self.order(line | {"analytic_distribution": self.key(code=self.other_code)})
        self.assertEqual(order.order_line.cost_code_id, self.other_code)
        self.assertEqual(order.order_line.cost_type_id, self.material)

    def test_the_type_comes_from_its_product(self):
        line = self.line(cost_type=self.subcontract)
        line.pop("cost_type_id")
        order = self.order(line)
        self.assertEqual(order.order_line.cost_type_id, self.subcontract)
        self.assertEqual(
            order.order_line.analytic_distribution, self.key(cost_type=self.subcontract)
        )

    def test_recoding_a_draft(self):
        order = self.order()
        order.order_line.cost_code_id = self.other_code
        self.env.flush_all()
        self.assertEqual(order.order_line.analytic_distribution, self.key(code=self.other_code))
        order.order_line.write({"analytic_distribution": self.key()})
        self.env.flush_all()
        self.assertEqual(order.order_line.cost_code_id, self.code)
        order.order_line.write(
            {"cost_code_id": self.other_code.id, "cost_type_id": self.subcontract.id}
        )
        self.assertEqual(
            order.order_line.analytic_distribution,
            self.key(code=self.other_code, cost_type=self.subcontract),
        )

    def test_another_job_moves_the_key(self):
        order = self.order()
        other = self.make_job("26-901")
        order.project_id = other
        self.env.flush_all()
        self.assertEqual(order.order_line.analytic_distribution, self.key(other))

    def test_an_order_becomes_a_commitment_with_its_job(self):
        line = self.line()
        for name in ("cost_code_id", "cost_type_id"):
            line.pop(name)
        order = self.order(line, project_id=False)
        self.assertFalse(order.is_commitment)
        order.project_id = self.job
        self.assertTrue(order.is_commitment)
        self.assertRefused("uncoded", order.button_confirm)
        self.assertEqual(order.order_line.cost_type_id, self.material, "by the product")
        order.order_line.cost_code_id = self.code
        self.budget()
        order.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_wrong_keys_are_refused_at_confirmation(self):
        self.budget()
        for name, key in self.wrong_keys().items():
            order = self.order()
            if key:
                order.order_line.write({"analytic_distribution": key})
            else:
                order.order_line.write({"analytic_distribution": False, "cost_code_id": False})
            self.assertRefused(name, order.button_confirm)

    def test_wrong_keys_are_refused_on_confirmed_lines(self):
        self.budget()
        order = self.order(confirm=True)
        for name, key in self.wrong_keys().items():
            values = {"analytic_distribution": key or False}
            self.assertRefused(name, order._apply_change, [(order.order_line, values)])

    def test_a_code_of_another_company_cannot_stand_on_the_line(self):
        second = self.make_company("Second")
        abroad = self.make_code("98-500", company_id=second.id)
        order = self.order(self.line(code=abroad))
        self.assertRefused("confirm", order.button_confirm)

    def test_the_order_is_of_the_jobs_company(self):
        second = self.make_company("Second")
        self.assertRefused("company", lambda: self.order(company_id=second.id))

    def test_orders_without_a_job_are_left_alone(self):
        line = self.line()
        for name in ("cost_code_id", "cost_type_id"):
            line.pop(name)
        order = self.order(line, project_id=False, confirm=True)
        self.assertEqual(order.state, "purchase")

    def test_events_get_an_issue(self):
        self.setup_job(codes=("03-400",))
        unknown = self.event(
            "commitment.approved",
            data=self.commitment_data(lines=[self.commitment_line(cost_code="99-999")]),
        )
        no_type = self.event(
            "commitment.approved",
            data=self.commitment_data("C2", lines=[self.commitment_line(cost_type="magic")]),
        )
        self.apply(unknown, no_type)
        self.assertParked(unknown["id"], "unmapped_reference")
        self.assertParked(no_type["id"], "unmapped_reference")

    def test_events_do_not_use_a_code_of_another_job_even_if_mapped(self):
        self.setup_job("J1", codes=("03-400",))
        self.process(self.event("job.upserted", data=self.job_data("J2")))
        own = self.make_code("77-100", job_id=self.bound("job", "J2").id)
        self.env["construction.crosswalk"].create(
            {
                "kind": "cost_code",
                "external_value": "mine",
                "res_model": "construction.cost.code",
                "res_id": own.id,
            }
        )
        for code in ("mine", "77-100"):
            lines = [self.commitment_line(cost_code=code)]
            event = self.event(
                "commitment.approved", data=self.commitment_data(f"C-{code}", lines=lines)
            )
            self.apply(event)
            self.assertParked(event["id"], "unmapped_reference")


@tagged("post_install", "-at_install")
class TestCodingOfEntries(Keys, TransactionCase):
    def test_cost_lines(self):
        move = self.cost_entry(120)
        line = move.line_ids.analytic_line_ids
        self.assertEqual(line.amount, -120)
        self.assertEqual(line.account_id, self.job.account_id)
        self.assertEqual(line[self.coding._column("cost_code")], self.code.analytic_account_id)
        self.assertEqual(line[self.coding._column("cost_type")], self.material.analytic_account_id)

    def test_wrong_keys(self):
        for name, key in self.wrong_keys().items():
            if name != "nothing":
                self.assertRefused(name, self.cost_entry, 100, key)

    def test_an_uncoded_cost_is_no_jobs_business(self):
        self.entry((self.expense, 50, False), (self.asset, -50, False))

    def test_income_carries_the_job_alone(self):
        good = {self.ids(self.job): 100}
        self.entry((self.income, -100, good), (self.asset, 100, False))
        for name, key in {
            "full": self.key(),
            "code": {self.ids(self.job, self.code): 100},
            "code alone": {self.ids(self.code): 100},
        }.items():
            self.assertRefused(name, self.entry, (self.income, -1, key), (self.asset, 1, False))

    def test_balance_sheet_lines_carry_none(self):
        for name, key in {"full": self.key(), "job": {self.ids(self.job): 100}}.items():
            self.assertRefused(name, self.entry, (self.expense, 1, False), (self.asset, -1, key))

    def test_posted_items_keep_the_rule(self):
        move = self.cost_entry()
        line = move.line_ids.filtered("analytic_distribution")
        for name, key in self.wrong_keys().items():
            if name != "nothing":
                self.assertRefused(name, line.write, {"analytic_distribution": key})
        self.assertRefused("account", line.write, {"account_id": self.income.id})

    def test_drafts_may_be_incomplete(self):
        move = self.cost_entry(coding={self.ids(self.job): 100}, post=False)
        self.assertRefused("post", move.action_post)

    def test_bill_lines(self):
        self.budget()
        order = self.order(confirm=True)
        for name, key in self.wrong_keys().items():
            bill = self.bill(order, 1, post=False)
            bill.invoice_line_ids.analytic_distribution = key
            self.assertRefused(name, bill.action_post)
            bill.unlink()
        bill = self.bill(order, 1, post=False)
        bill.invoice_line_ids.analytic_distribution = self.key(self.make_job("26-902"))
        self.assertRefused("another job", bill.action_post)
        bill.unlink()
        bill = self.bill(order, 1, post=False)
        bill.invoice_line_ids.account_id = self.asset
        bill.invoice_line_ids.analytic_distribution = False
        self.assertRefused("not cost", bill.action_post)

    def test_a_bill_typed_for_a_job(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_date": "2026-03-01",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Permit",
                            "quantity": 1,
                            "price_unit": 80,
                            "account_id": self.expense.id,
                            "analytic_distribution": self.key(),
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        self.assertFigures(actual=80, billed=0)


@tagged("post_install", "-at_install")
class TestCodingOfAnalyticLines(Keys, TransactionCase):
    def analytic(self, *records, **values):
        columns = {
            "project.project": "account_id",
            "construction.cost.code": self.coding._column("cost_code"),
            "construction.cost.type": self.coding._column("cost_type"),
        }
        accounts = {
            columns[r._name]: (
                r.account_id if r._name == "project.project" else r.analytic_account_id
            ).id
            for r in records
        }
        return self.env["account.analytic.line"].create({"name": "By hand"} | accounts | values)

    def test_hours_carry_the_job_alone(self):
        self.analytic(self.job, unit_amount=8)
        self.assertRefused("coded", lambda: self.analytic(self.job, self.code, unit_amount=8))

    def test_cost_is_complete(self):
        cost = {"amount": -10, "general_account_id": self.expense.id}
        self.assertRefused("job", lambda: self.analytic(self.job, **cost))
        self.assertRefused("no type", lambda: self.analytic(self.job, self.code, **cost))
        self.assertRefused("no job", lambda: self.analytic(self.code, self.material, **cost))

    def test_cost_is_in_the_ledger(self):
        cost = {"amount": -10, "general_account_id": self.expense.id}
        coded = self.job, self.code, self.material
        text = "comes from a bill or a journal entry"
        with self.assertRaisesRegex(ValidationError, text), self.cr.savepoint():
            self.analytic(*coded, **cost)
        item = self.cost_entry().line_ids.analytic_line_ids
        self.assertRefused("copy", item.copy, {"move_line_id": False})
        self.assertFigures(actual=100)

    def test_the_line_of_an_item_keeps_the_rule(self):
        line = self.cost_entry().line_ids.analytic_line_ids
        column = self.coding._column("cost_code")
        self.assertRefused("no code", line.write, {column: False})
        self.job.job_status = "closed"
        self.assertRefused("closed", line.write, {"amount": -1})
        self.assertRefused("closed", line.unlink)

    def test_error_names_line_and_fault(self):
        with self.assertRaisesRegex(ValidationError, "cost of a job names a cost code"):
            self.analytic(self.job, amount=-10, general_account_id=self.expense.id)
