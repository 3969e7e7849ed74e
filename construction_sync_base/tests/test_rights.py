"""Who may do what, model by model; companies; and that nobody gets around it."""

import csv
import inspect

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open, mute_logger

from .domain import DomainCase

GROUPS = ("project_user", "project_manager", "finance", "integration_manager", "auditor", "service")
# read, write, create, unlink per group, in the order above; "-" is nothing
TABLE = {
    "construction.account.map": "r r rwcu r r r",
    "construction.accrual": "r rwcu rwcu r r rwc",
    "construction.accrual.line": "r rwcu rwcu r r rwc",
    "construction.approval": "r r r r r r",
    "construction.approval.delegation": "rwcu rwcu rwcu rwcu r -",
    "construction.approval.rule": "r r rwcu r r r",
    "construction.audit": "- - r r r -",
    "construction.audit.checkpoint": "- - r r r -",
    "construction.audit.dispatch": "- - r r r -",
    "construction.audit.seal": "- - r r r -",
    "construction.bill.deduction": "- r r r r r",
    "construction.binding": "r r r r r r",
    "construction.breaker": "- - r r r -",
    "construction.budget": "r rwcu rwcu r r rwc",
    "construction.budget.change": "r rwcu rwcu r r rwc",
    "construction.budget.change.line": "r rwcu rwcu r r rwc",
    "construction.budget.line": "r rwcu rwcu r r rwc",
    "construction.budget.spread": "r rwcu rwcu r r rwc",
    "construction.change": "- - r rwcu r -",
    "construction.change.diff": "- - r r r -",
    "construction.change.line": "- - r rwcu r -",
    "construction.change.order": "r rwcu rwcu r r rwc",
    "construction.change.order.line": "r rwcu rwcu r r rwcu",
    "construction.change.order.markup": "r rwcu rwcu r r rwcu",
    "construction.clearing": "- - r - r -",
    "construction.clearing.account": "- - rwcu r r r",
    "construction.clearing.document": "- - r - r -",
    "construction.correction": "- rwcu rwcu r r r",
    "construction.correction.line": "- rwcu rwcu r r r",
    "construction.cost.code": "r rwc rwc r r rwc",
    "construction.cost.transfer": "r rwcu rwcu r r rwc",
    "construction.cost.transfer.line": "r rwcu rwcu r r rwc",
    "construction.cost.type": "r r rwc r r r",
    "construction.crosswalk": "r r r rwcu r r",
    "construction.delivery": "- - - r r -",
    "construction.employee": "- r - - r rwc",
    "construction.event": "r r r r r r",
    "construction.field.map": "- - r rwcu r -",
    "construction.field.map.line": "- - r rwcu r -",
    "construction.field.ticket": "r rw r r r rwc",
    "construction.file": "- - - r r -",
    "construction.file.link": "- - - r r -",
    "construction.forecast": "r rwcu rwcu r r rwc",
    "construction.forecast.line": "r rwcu rwcu r r rwc",
    "construction.hold": "- r r r r r",
    "construction.intercompany": "- - rwcu - r rwc",
    "construction.intercompany.agreement": "- - rwcu - r r",
    "construction.intercompany.line": "- - rwcu - r rwc",
    "construction.intercompany.rate": "- - rwcu - r r",
    "construction.intercompany.tie": "- - r - r -",
    "construction.issue": "r rw rw rw r r",
    "construction.job.cost": "r r r r r r",
    "construction.job.cost.entry": "r r r r r -",
    "construction.job.cost.movement": "r r r r r -",
    "construction.job.cost.snapshot": "r r r r r -",
    "construction.job.ledger": "r r r r r -",
    "construction.legal.hold": "- - rwc rwc r -",
    "construction.location": "r rwc r r r rwc",
    "construction.lock": "- r r - r -",
    "construction.lock.change": "- r r - r -",
    "construction.match.line": "- r r r r r",
    "construction.match.policy": "- r rwcu r r r",
    "construction.outbox": "- - r r r -",
    "construction.outbox.try": "- - r r r -",
    "construction.period": "r r rwcu r r r",
    "construction.period.check": "- r r - r -",
    "construction.person": "- - rw rw r -",
    "construction.phase": "r rwc r r r rwc",
    "construction.platform": "r r r rwc r r",
    "construction.progress": "r rwcu r r r rwc",
    "construction.progress.line": "r rwcu r r r rwc",
    "construction.progress.milestone": "r rwcu r r r rwc",
    "construction.receipt": "- r r r r r",
    "construction.receipt.line": "- r r r r r",
    "construction.release.policy": "r r rwcu r r r",
    "construction.release.queue": "- r r - r -",
    "construction.replay": "- - r r r -",
    "construction.resource": "- - r rwcu r -",
    "construction.resource.run": "- - r r r -",
    "construction.retention": "- - r rwcu r -",
    "construction.right": "- - - r r -",
    "construction.schema.rule": "- - r rwcu r -",
    "construction.secret": "- - - - - -",
    "construction.subscription": "- - r rwcu r -",
    "construction.sync.policy": "r r rw rwc r r",
    "construction.sync.policy.field": "r r r rwcu r r",
    "construction.traffic": "- - - r r -",
    "construction.type.day": "- - - r r -",
    "construction.type.usage": "- - - r r -",
    "construction.upload": "- - - rwcu r -",
    "construction.upload.row": "- - - r r -",
    "project.project": "r rwcu r r r rwcu",
    "purchase.order": "r rwcu rwcu r r rwcu",
    "purchase.order.line": "r rwcu rwcu r r rwcu",
}
RIGHTS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


def ours(env, transient=False):
    """The models of this addon that have a table or a query."""
    return sorted(
        name
        for name, model in env.registry.items()
        if name.startswith("construction.")
        and not model._abstract
        and model._transient == transient
        and model._module == "construction_sync_base"
    )


@tagged("post_install", "-at_install")
class TestModels(DomainCase, TransactionCase):
    """Read from the registry, so that a model added later cannot be forgotten."""

    def test_every_model_has_access_rules(self):
        access = self.env["ir.model.access"].sudo()
        for name in ours(self.env) + ours(self.env, transient=True):
            rules = access.search([("model_id.model", "=", name)])
            self.assertTrue(rules, name)
            self.assertTrue(all(rule.group_id for rule in rules), f"{name} is open to everybody")

    def test_what_has_no_line_in_the_access_file_is_abstract(self):
        """Of whatever name; and an abstract one has no line, since it would say nothing."""
        with file_open("construction_sync_base/security/ir.model.access.csv") as text:
            named = {row["model_id:id"] for row in csv.DictReader(text)}
        for name, model in self.env.registry.items():
            if model._original_module == "construction_sync_base":
                listed = f"model_{name.replace('.', '_')}" in named
                self.assertEqual(listed, not model._abstract, name)

    def test_what_the_company_follows_from_can_be_chosen(self):
        """A new record has no company yet: a field that it comes from must not offer only
        what is of that company, or a screen offers nothing."""
        found = []
        for name in ours(self.env) + ours(self.env, transient=True):
            fields = self.env[name]._fields
            source = (getattr(fields.get("company_id"), "related", None) or "").split(".")[0]
            if source and fields[source].type == "many2one" and fields[source].check_company:
                found.append(f"{name}.{source}")
        self.assertFalse(found, f"check_company on {', '.join(found)}")

    def test_every_model_is_of_a_company(self):
        for name in ours(self.env):
            model = self.env[name]
            self.assertIn("company_id", model._fields, name)
            self.assertTrue(model._check_company_auto, name)
            rules = (
                self.env["ir.rule"]
                .sudo()
                .search([("model_id.model", "=", name), ("groups", "=", False)])
            )
            self.assertTrue(
                any("company_id" in (rule.domain_force or "") for rule in rules),
                f"{name} has no company rule",
            )
            for rule in rules:
                self.assertEqual(
                    (rule.perm_read, rule.perm_write, rule.perm_create, rule.perm_unlink),
                    (True, True, True, True),
                    name,
                )

    def test_the_table_names_every_model(self):
        self.assertEqual(ours(self.env), [name for name in TABLE if "construction." in name])

    def test_rights_as_table(self):
        for position, group in enumerate(GROUPS):
            user = self.env["res.users"].create(
                {
                    "name": group,
                    "login": f"rights-{group}",
                    "group_ids": [
                        Command.set(self.env.ref(f"construction_sync_base.group_{group}").ids)
                    ],
                }
            )
            for model, row in TABLE.items():
                found = "".join(
                    letter
                    for letter, right in RIGHTS.items()
                    if self.env[model].with_user(user).has_access(right)
                )
                self.assertEqual(found or "-", row.split()[position], f"{group} on {model}")

    def test_a_plain_user_sees_nothing(self):
        user = self.env["res.users"].create(
            {
                "name": "Plain",
                "login": "rights-plain",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )
        for name in ours(self.env) + ours(self.env, transient=True):
            self.assertFalse(self.env[name].with_user(user).has_access("read"), name)

    def test_what_is_private_cannot_be_called(self):
        """Public methods that a client may call by RPC are buttons and the contract's."""
        allowed = {
            "construction.platform": {"rotate_secret", "create_api_key"},
        }
        handlers = [n for n in self.env.registry if n.startswith("construction.")]
        for name in [*handlers, "purchase.order", "purchase.order.line", "project.project"]:
            for cls in type(self.env[name]).__mro__:
                if not cls.__module__.startswith("odoo.addons.construction_sync_base"):
                    continue
                for method, function in vars(cls).items():
                    if method.startswith("_") or not inspect.isfunction(function):
                        continue
                    native = any(
                        method in vars(base)
                        for base in type(self.env[name]).__mro__
                        if not base.__module__.startswith("odoo.addons.construction")
                    )
                    self.assertTrue(
                        native or method.startswith("action_") or method in allowed.get(name, ()),
                        f"{name}.{method} can be called by anybody",
                    )
        for model, method in (
            ("purchase.order", "_apply_change"),
            ("purchase.order", "_close_commitment"),
            ("construction.budget", "_approve"),
            ("construction.budget.change", "_approve_from"),
            ("construction.coding", "_distribution"),
            ("construction.drain", "_drain"),
            ("construction.handler.commitment.approved", "_apply"),
        ):
            with self.assertRaises(AccessError, msg=method):
                get_public_method(self.env[model], method)


@tagged("post_install", "-at_install")
class TestCompanies(DomainCase, TransactionCase):
    def given(self):
        super().given()
        self.second = self.make_company("Second")
        self.abroad = self.make_job("26-940", company_id=self.second.id)
        self.stranger = self.make_user(
            "stranger", "project_manager", "finance", company=self.second
        )
        self.budget()
        self.records = {
            "project.project": self.job,
            "purchase.order": self.order(confirm=True),
            "construction.budget": self.job.budget_id,
            "construction.budget.line": self.job.budget_id.line_ids,
            "construction.platform": self.platform,
            "construction.account.map": self.env["construction.account.map"].search(
                [("company_id", "=", self.company.id)], limit=1
            ),
            "construction.cost.code": self.make_code("96-100", company_id=self.company.id),
        }

    def test_another_company_sees_nothing(self):
        for model, record in self.records.items():
            probe = self.env[model].with_user(self.stranger)
            self.assertNotIn(record.id, probe.search([]).ids, model)
            with self.assertRaises(AccessError, msg=model):
                probe.browse(record.id).read(["display_name"])
            with self.assertRaises(AccessError, msg=model):
                probe.browse(record.id).write({"active": False} if "active" in probe else {"id": 1})
        cost = self.env["construction.job.cost"].with_user(self.stranger).search([])
        self.assertNotIn(self.job, cost.sudo().job_id)

    def test_nor_through_buttons(self):
        order = self.records["purchase.order"].with_user(self.stranger)
        for act in (
            order.button_cancel,
            order.action_create_invoice,
            self.job.budget_id.copy().with_user(self.stranger).action_approve,
            self.platform.with_user(self.stranger).action_pause,
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                act()

    def test_shared_lists_are_seen(self):
        self.assertIn(
            self.code.id,
            self.env["construction.cost.code"].with_user(self.stranger).search([]).ids,
        )

    def test_nothing_is_made_across_companies(self):
        for values in (
            {"job_id": self.abroad.id, "company_id": self.company.id},
            {"company_id": self.company.id, "parent_id": self.make_code(
                "96-200", company_id=self.second.id).id},
        ):  # fmt: skip
            try:
                code = self.make_code(self.unique("96-"), **values)
            except Exception:
                continue
            self.assertEqual(code.company_id, self.second, "a job's list is of its company")

    def test_portal(self):
        vendor_user = self.env["res.users"].create(
            {
                "name": "Vendor portal",
                "login": "rights-portal",
                "partner_id": self.vendor.id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        for name in ours(self.env) + ours(self.env, transient=True):
            self.assertFalse(self.env[name].with_user(vendor_user).has_access("read"), name)
        other = self.order(partner_id=self.company.partner_id.id)
        seen = self.env["purchase.order"].with_user(vendor_user).search([])
        self.assertIn(self.records["purchase.order"], seen.with_user(self.env.user))
        self.assertNotIn(other, seen.with_user(self.env.user))
        with self.assertRaises(AccessError):
            self.records["purchase.order"].with_user(vendor_user).write({"note": "x"})


@tagged("post_install", "-at_install")
class TestServiceUser(DomainCase, TransactionCase):
    def test_what_it_is_not(self):
        user = self.platform.service_user_id
        for group in (
            "purchase.group_purchase_manager",
            "account.group_account_invoice",
            "base.group_system",
            "construction_sync_base.group_finance",
            "construction_sync_base.group_project_manager",
            "construction_sync_base.group_integration_manager",
        ):
            self.assertFalse(user.has_group(group), group)
        self.assertTrue(user.has_group("construction_sync_base.group_service"))

    def test_events_are_applied_with_its_rights_and_no_others(self):
        self.setup_job()
        user = self.platform.service_user_id
        handler = self.env["construction.apply"]._as_service_user(self.platform)
        self.assertEqual((handler.env.user, handler.env.su), (user, False))
        (event,) = self.process(self.event("commitment.approved", data=self.commitment_data()))
        self.assertEqual(self.bound("commitment", "C1").create_uid, user)
        # what the group may not make, no event makes
        rights = self.env["ir.model.access"].search(
            [("model_id.model", "=", "purchase.order"), ("group_id", "in", user.all_group_ids.ids)]
        )
        rights.perm_create = False
        with mute_logger(
            "odoo.addons.construction_sync_base.models.construction_apply",
            "odoo.addons.construction_sync_base.models.construction_drain",
        ):
            (event,) = self.apply(
                self.event("commitment.approved", data=self.commitment_data("C2"))
            )
        self.assertNotEqual(event.state, "processed")
        self.assertFalse(self.bound("commitment", "C2"))

    def test_never_buyer_or_follower(self):
        self.setup_job()
        self.env.ref("construction_sync_base.policy_commitment").budget_check = "inform"
        data = self.commitment_data(lines=[self.commitment_line(amount="900000.00")])
        self.process(self.event("commitment.approved", data=data, sequence=1))
        data = self.commitment_data(lines=[self.commitment_line(amount="900001.00")])
        self.process(self.event("commitment.approved", data=data, sequence=2))
        order = self.bound("commitment", "C1")
        partner = self.platform.service_user_id.partner_id
        self.assertFalse(order.user_id)
        for record in (order, self.bound("job", "J1"), self.bound("job", "J1").budget_id):
            self.assertNotIn(partner, record.message_partner_ids, record)

    def test_it_does_not_post_or_pay(self):
        move = self.cost_entry(post=False).with_user(self.platform.service_user_id)
        with self.assertRaises(AccessError):
            move.action_post()
        with self.assertRaises(AccessError):
            self.env["account.payment"].with_user(self.platform.service_user_id).create({})
