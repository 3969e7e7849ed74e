"""Everything that can be called over RPC, called over RPC: each model by each operation,
and each public method that is ours, as every group, as portal and as a stranger of another
company. What is expected comes from the declared access rows, not from the ORM's answer."""

import base64
import inspect
import json
from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .approvals import ApprovalCase
from .groups import GROUPS

OURS = "odoo.addons.construction_sync_base"
CRUD = {"create", "write", "unlink", "copy_data"}
# models of Odoo that we extend, with their documents behind our rules
EXTENDED = ("project.project", "purchase.order", "purchase.order.line", "account.analytic.line")
ARGUMENTS = {"reason": "probe", "name": "probe", "source_ref": "mail.message_origin_link"}
# an Auditor changes nothing but the evidence of the audit itself
EVIDENCE = {"construction.audit.verify.action_checkpoint"}
# what a call of nobody's business may answer
REFUSED = (403, 404, 422)
WRITES = """
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
      FROM pg_stat_xact_user_tables
     WHERE relname ~ '^(construction_|purchase_order|project_project|account_)'
"""


def methods_of(cls):
    """Public methods of a model that our classes define, with their required arguments."""
    found = {}
    for base in cls.__mro__:
        if not base.__module__.startswith(OURS):
            continue
        for name, function in vars(base).items():
            if name.startswith("_") or name in CRUD or not inspect.isfunction(function):
                continue
            if any(
                getattr(getattr(each, name, None), "_api_private", False) for each in cls.__mro__
            ):
                continue
            needed = [
                each.name
                for each in list(inspect.signature(function).parameters.values())[1:]
                if each.default is each.empty and each.kind == each.POSITIONAL_OR_KEYWORD
            ]
            found[name] = {each: ARGUMENTS.get(each) for each in needed}
    return found


@tagged("post_install", "-at_install")
class TestRpcProbe(ApprovalCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_company = cls.make_company("Probe Second")
        people = {group: cls.make_user(f"probe-{group}", group) for group in GROUPS}
        people["plain"] = cls.make_user("probe-plain")
        people["stranger"] = cls.make_user(
            "probe-stranger",
            "project_manager",
            "finance",
            "integration_manager",
            company=cls.second_company,
        )
        people["portal"] = cls.env["res.users"].create(
            {
                "name": "Probe portal",
                "login": "probe-portal",
                "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
            }
        )
        cls.people = people
        until = fields.Datetime.now() + timedelta(hours=12)
        cls.keys = {
            name: cls.env["res.users.apikeys"].with_user(user)._generate("rpc", "probe", until)
            for name, user in people.items()
        }

    def given(self):
        super().given()
        self.fill()
        self.models = sorted(
            name
            for name, model in self.env.registry.items()
            if model._module == "construction_sync_base" and name.startswith("construction.")
        )
        self.stored = [
            name
            for name in self.models
            if not self.env[name]._abstract and not self.env[name]._transient
        ]
        self.samples = {}
        for name in [*self.stored, *EXTENDED]:
            self.samples[name] = self.sample(name) or self.made(name)

    def fill(self):
        """At least one record of what the company has."""
        self.setup_job()
        self.rule(self.finance, 50000)
        self.deputy(self.finance, self.second)
        self.env["construction.release.policy"].create({"document_type": "budget"})
        line = self.commitment_line(amount="60000.00")
        over = {"created_by": {"name": "Sam"}, "lines": [line]}
        data = self.commitment_data("C1", **over)
        self.process(self.event("commitment.approved", data=data, sequence=1))
        lost = self.commitment_data("C2", job="nowhere")
        self.apply(self.event("commitment.approved", data=lost, sequence=1))
        job = self.bound("job", "J1")
        cost = self.cost_entry(coding=self.key(job)).line_ids.filtered("analytic_distribution")
        card = self.asset.copy({"reconcile": True})
        self.env["construction.clearing.account"].create(
            {"purpose": "other", "account_id": card.id}
        )
        self.entry((self.expense, 5, self.key(job)), (card, -5, False))
        lines = self.env["construction.cost.transfer.line"]._values_of(cost)
        lines[0]["to_cost_code_id"] = self.other_code.id
        self.env["construction.cost.transfer"].create(
            {"reason": "probe", "line_ids": [Command.create(lines[0])]}
        )
        work = {"cost_code_id": self.code.id, "cost_type_id": self.material.id}
        self.env["construction.accrual"].create(
            {"line_ids": [Command.create({"job_id": self.job.id, "amount": 5, **work})]}
        )
        self.env["construction.forecast"].create({"job_id": job.id}).action_take_figures()
        abroad = self.make_job("26-PROBE", company_id=self.second_company.id)
        self.env["construction.intercompany.agreement"].create(
            {"job_company_id": self.second_company.id, "rate_ids": [Command.create({})]}
        )
        self.env["construction.intercompany"].create(
            {
                "job_company_id": self.second_company.id,
                "reason": "probe",
                "line_ids": [Command.create(work | {"job_id": abroad.id, "cost_amount": 5})],
            }
        )
        self.env["construction.hold"]._place(
            self.bill(self.order(confirm=True), post=False), "manual", "probe"
        )
        billed = self.order(confirm=True)
        self.bill(billed, post=False)
        self.env["construction.correction"]._propose(billed, "void", "probe")
        month = fields.Date.today().replace(day=1)
        self.env["construction.period"].create({"month": month})
        self.env["construction.job.cost.snapshot"].with_user(self.finance)._take(job, month)
        self.env["construction.crosswalk"].create(
            {
                "platform_id": self.platform.id,
                "company_id": self.company.id,
                "kind": "uom",
                "external_value": "probe",
                "value": "x",
            }
        )
        self.env["construction.sync.policy"].create(
            {
                "object": "vendor",
                "company_id": self.company.id,
                "field_ids": [Command.create({"name": "phone", "owner": "odoo"})],
            }
        )
        subscription = self.env["construction.subscription"].create(
            {"name": "probe", "platform_id": self.platform.id, "url": "https://p.example.com/x"}
        )
        subscription.action_new_secret()
        subscription.action_activate()
        told = {"type": "construction.event.parked.v1", "subject": "probe/1",
                "company_id": self.company.id, "data": {"message": "probe"}}  # fmt: skip
        row = self.env["construction.outbox"]._tell([told])
        self.env["construction.outbox.try"].sudo().create(
            {"outbox_id": row.id, "company_id": row.company_id.id, "verdict": "none",
             "at": fields.Datetime.now()}
        )  # fmt: skip
        field_map = self.env["construction.field.map"].create(
            {
                "name": "probe",
                "platform_id": self.platform.id,
                "event_type": "construction.vendor.upserted.v1",
                "line_ids": [Command.create({"name": "name", "expression": "name"})],
            }
        )
        listed = {"name": "probe", "platform_id": self.platform.id, "path": "/probe"}
        resource = self.env["construction.resource"].create(
            listed | {"form": "map", "map_id": field_map.id}
        )
        self.env["construction.resource.run"].sudo().create({"resource_id": resource.id})
        upload = self.env["construction.upload"].create(
            {
                "platform_id": self.platform.id,
                "type": "construction.cost_code.upserted.v1",
                "content": base64.b64encode(b"external_id,code,name\nCC-P,99-100,Probe"),
            }
        )
        upload.action_check()
        markup = Command.create({"kind": "fee", "amount": 1})
        self.env["construction.change.order"].create(
            {
                "title": "Probe",
                "job_id": self.job.id,
                "line_ids": [
                    Command.create(work | {"name": "x", "cost_amount": 5, "markup_ids": [markup]})
                ],
            }
        )
        self.env.flush_all()

    def sample(self, name):
        """The newest record of the company, else a shared one."""
        model = self.env[name].sudo()
        if "company_id" in model._fields:
            own = model.search([("company_id", "=", self.company.id)], order="id desc", limit=1)
            return own or model.search([("company_id", "=", False)], limit=1)
        return model.search([], limit=1)

    def made(self, name):
        """A record of a model that the events above leave empty, with what it requires."""
        model = self.env[name].sudo()
        if not model._auto:
            return model
        values = {}
        for field in model._fields.values():
            if field.name == "company_id" and not field.compute:
                values[field.name] = self.company.id
            elif field.required and field.store and not field.compute and not field.related:
                values[field.name] = self.filler(model, field)
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                record = model.create(values)
                self.env.flush_all()
            return record
        except (UserError, psycopg2.Error, ValueError, TypeError):
            return model.browse()

    def filler(self, model, field):
        if field.type == "many2one":
            return self.env[field.comodel_name].sudo().search([], limit=1).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        if field.type in ("date", "datetime"):
            return fields.Date.today()
        return {"char": "probe", "text": "probe", "binary": "cHJvYmU="}.get(field.type, 1)

    def call(self, who, model, method, **arguments):
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(arguments),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.keys[who]}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )

    def undone(self, who, model, method, counted=False, **arguments):
        """Like `call`; what it did is rolled back.

        :param counted: also look how many rows it wrote, which takes longer than the call
        :return: the answer and the rows
        """
        with self.env.cr.savepoint() as savepoint:
            before = counted and self.writes()
            answer = self.call(who, model, method, **arguments)
            count = counted and self.writes() - before
            savepoint.rollback()
        self.env.invalidate_all()
        if answer.ok:
            self.env.registry.clear_cache()
        return answer, count

    def writes(self):
        self.env.cr.execute(WRITES)
        return self.env.cr.fetchone()[0]

    def declared(self, user, model):
        """Operations that the access rows of the user's groups grant."""
        self.env.cr.execute(
            """
            SELECT bool_or(a.perm_read), bool_or(a.perm_write), bool_or(a.perm_create),
                   bool_or(a.perm_unlink)
              FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id
             WHERE m.model = %s AND a.active AND (a.group_id IS NULL OR a.group_id = ANY(%s))
            """,
            (model, user.all_group_ids.ids),
        )
        names = ("read", "write", "create", "unlink")
        return {name for name, right in zip(names, self.env.cr.fetchone(), strict=True) if right}

    # -------------------------------------------------------------- operations
    def probe_operations(self, who):
        user, wrong = self.people[who], []
        stranger = who == "stranger"
        for name in self.stored:
            rights, record = self.declared(user, name), self.samples[name]
            reaches = record and not (stranger and record.sudo().company_id == self.company)
            if "job_company_id" in self.env[name]._fields:  # of who works in both companies
                reaches = reaches and record.sudo().job_company_id <= user.company_ids
            calls = {
                "search_read": ("read", {"domain": [], "fields": ["id"], "limit": 500}),
                "read_group": None,
                "create": ("create", {"vals_list": [{}]}),
            }
            if record:
                calls |= {
                    "read": ("read", {"ids": record.ids}),
                    "export_data": ("read", {"ids": record.ids, "fields_to_export": ["id"]}),
                    "write": ("write", {"ids": record.ids, "vals": {}}),
                    "unlink": ("unlink", {"ids": record.ids}),
                }
            for method, (right, arguments) in {k: v for k, v in calls.items() if v}.items():
                if right == "read":  # there is nothing to undo, and the caches stay warm
                    answer = self.call(who, name, method, **arguments)
                else:
                    answer, _count = self.undone(who, name, method, **arguments)
                allowed = right in rights and ("ids" not in arguments or reaches)
                fault = self.fault(answer, method, allowed)
                if fault:
                    wrong.append(f"{who} {name}.{method}: {fault}")
                if stranger and method == "search_read" and answer.status_code == 200:
                    ids = [row["id"] for row in answer.json()]
                    seen = self.env[name].sudo().browse(ids).company_id
                    if self.company in seen:
                        wrong.append(f"stranger sees {name} of {self.company.name}")
        self.assertFalse(wrong, "\n".join(wrong))

    def fault(self, answer, method, allowed):
        """What is wrong with an answer, or None. What is allowed may still be refused by
        a rule of business; what is not allowed never succeeds."""
        status = answer.status_code
        if status >= 500:
            return f"{status} {answer.text[:300]}"
        if not allowed and status not in REFUSED:
            return f"{status}, nobody granted that"
        if allowed and status == 403 and method != "export_data":
            return f"403 although granted: {answer.text[:200]}"
        if allowed and status != 200 and method in ("search_read", "read"):
            return f"{status} {answer.text[:200]}"
        return None

    # ----------------------------------------------------------------- methods
    def probe_methods(self, who):
        wrong, user = [], self.people[who]
        for name in sorted({*self.models, *EXTENDED, "res.partner", "account.move"}):
            cls = type(self.env[name])
            found = methods_of(cls)
            record = self.samples.get(name)
            foreign = record and bool(record.sudo().company_id)
            outside = who == "stranger" or "read" not in self.declared(user, name)
            for method, arguments in found.items():
                ids = {"ids": record.ids} if record else {"ids": [2**31 - 1]}
                counted = self.reads_only(who, f"{name}.{method}")
                answer, count = self.undone(who, name, method, counted, **ids, **arguments)
                status = answer.status_code
                if status not in (200, *REFUSED):
                    wrong.append(f"{who} {name}.{method}: {status} {answer.text[:300]}")
                elif status == 200 and outside and foreign:
                    wrong.append(f"{who} {name}.{method}: went through on a foreign record")
                elif status == 200 and count:
                    wrong.append(f"{who} {name}.{method}: wrote {count} rows")
        self.assertFalse(wrong, "\n".join(wrong))

    def reads_only(self, who, call):
        return who in ("plain", "portal") or (who == "auditor" and call not in EVIDENCE)

    def test_every_kind_of_record_is_there(self):
        """The probe is worth as much as its records."""
        missing = [name for name in self.stored if not self.samples[name]]
        self.assertLessEqual(len(missing), len(self.stored) // 8, missing)

    def test_private_names_stay_private(self):
        for model, method in (
            ("construction.drain", "_drain"),
            ("construction.approval", "_answer"),
            ("construction.budget", "_release_by"),
            ("construction.audit", "init"),
            ("construction.platform.secret", "_reveal"),
        ):
            answer = self.call("integration_manager", model, method)
            self.assertIn(answer.status_code, REFUSED, f"{model}.{method}: {answer.text[:200]}")


def _operations(who):
    def test(self):
        with mute_logger("odoo.sql_db", "odoo.addons.rpc.controllers.json2"):
            self.probe_operations(who)

    return test


def _methods(who):
    def test(self):
        with mute_logger("odoo.sql_db", "odoo.addons.rpc.controllers.json2"):
            self.probe_methods(who)

    return test


for _who in (*GROUPS, "plain", "portal", "stranger"):
    setattr(TestRpcProbe, f"test_operations_as_{_who}", _operations(_who))
    setattr(TestRpcProbe, f"test_methods_as_{_who}", _methods(_who))
