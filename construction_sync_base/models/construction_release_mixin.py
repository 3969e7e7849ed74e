from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .construction_guard import FINANCE, PROJECT_MANAGER, guard

# in a context it opens what only the gate writes; an object cannot come by RPC
DOOR = object()
GATE_FIELDS = {
    "release_state",
    "release_requested_by_id",
    "release_requested_at",
    "released_by_id",
    "released_at",
    "release_automatic",
    "release_reason",
    "release_policy_id",
    "release_policy_version",
}


class ConstructionReleaseMixin(models.AbstractModel):
    """The gate before what touches the ledger or the budget: to release → released, or
    returned with a reason.

    What waits, waits for the open steps of the approval matrix, and after them for a
    release by hand unless the release policy in force releases by itself. Who submitted a
    document, here or at a platform, neither approves nor releases it.

    A model sets `_release_type`, `_release_label` and whether it is released by itself
    where no policy says otherwise, and answers the hooks at the end.
    """

    _name = "construction.release.mixin"
    _description = "Release Gate"

    _release_type = None
    _release_label = None
    _release_by_itself = False
    _release_required = ()
    _gate_fields = GATE_FIELDS

    release_state = fields.Selection(
        [("to_release", "Waits for release"), ("released", "Released"), ("returned", "Returned")],
        string="Release",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    release_requested_by_id = fields.Many2one(
        "res.users", string="Submitted by", readonly=True, copy=False
    )
    release_requested_at = fields.Datetime(string="Submitted", readonly=True, copy=False)
    released_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    released_at = fields.Datetime(string="Released on", readonly=True, copy=False)
    release_automatic = fields.Boolean(
        string="Released by policy", readonly=True, copy=False, help="No person pressed Release."
    )
    release_reason = fields.Char(string="Returned because", readonly=True, copy=False)
    release_policy_id = fields.Many2one(
        "construction.release.policy", readonly=True, copy=False, ondelete="restrict"
    )
    release_policy_version = fields.Integer(string="Policy version", readonly=True, copy=False)
    approval_ids = fields.One2many(
        "construction.approval",
        "res_id",
        string="Approvals",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
    )
    approval_waiting_for = fields.Char(string="Waits for", compute="_compute_release_turn")
    release_effect = fields.Text(
        string="What the release does",
        compute="_compute_release_effect",
        help="Shown before the decision.",
    )
    may_decide = fields.Boolean(compute="_compute_release_turn")
    may_take_back = fields.Boolean(compute="_compute_release_turn")

    # ------------------------------------------------------------- computes
    @api.depends("release_state", "approval_ids.state")
    @api.depends_context("uid")
    def _compute_release_turn(self):
        for record in self:
            record.may_decide = record.may_take_back = record.approval_waiting_for = False
            if record.release_state != "to_release":
                continue
            record.may_take_back = record.release_requested_by_id == self.env.user
            asked = record._release_open_rows()
            if asked:
                record.may_decide = any(
                    not row.with_user(self.env.user)._refusal() for row in asked
                )
                record.approval_waiting_for = ", ".join(asked.mapped("waiting_for"))
            else:
                record.may_decide = not record._release_refusal()
                record.approval_waiting_for = record._release_waits_for()

    @api.depends("release_state")
    def _compute_release_effect(self):
        for record in self:
            record.release_effect = record._release_effect() if record._is_gated() else False

    def _release_open_rows(self):
        """The steps whose turn it is, of whoever may answer them."""
        return self.sudo().approval_ids.filtered(lambda row: row.state == "asked")

    # ----------------------------------------------------------------- gate
    def _release_request(self, accepted=False):
        """Submit: find out who has to approve and ask them.

        :param accepted: the platform's approval stands for the matrix (sync policy)
        :return: what has to wait; the others may go on and are then settled
        :raises UserError: required fields are empty
        """
        self._check_release_required()
        documents = self._at_the_gate()
        policies = self.env["construction.release.policy"]._in_force(documents)
        steps = self.env["construction.approval.rule"]._steps(documents, matrix=not accepted)
        documents._release_withdraw()
        values = {
            "release_requested_by_id": self.env.uid,
            "release_requested_at": fields.Datetime.now(),
            "released_by_id": False,
            "released_at": False,
            "release_reason": False,
            "release_state": False,
        }
        documents.write(values)
        asked = documents.filtered(lambda d: steps.get(d.id))
        self.env["construction.approval"]._ask(asked, steps)
        asked = asked.filtered(lambda d: d._release_undecided())
        held = (documents - asked).filtered(lambda d: not d._releases_itself(policies.get(d.id)))
        waiting = asked | held
        waiting.write({"release_state": "to_release"})
        waiting._release_notify()
        return waiting.with_env(self.env)

    def _release_settle(self, released_by=None):
        """Note that these went through, by policy or because `released_by` decided."""
        documents = self._at_the_gate()
        policies = self.env["construction.release.policy"]._in_force(documents)
        now = fields.Datetime.now()
        for policy in {policies.get(document.id) for document in documents}:
            group = documents.filtered(lambda d, policy=policy: policies.get(d.id) == policy)
            group.write(
                {
                    "release_state": "released",
                    "released_by_id": (released_by or self.env.user).id,
                    "released_at": now,
                    "release_automatic": released_by is None,
                    "release_policy_id": policy.id if policy else False,
                    "release_policy_version": policy.version if policy else 0,
                }
            )
        documents._release_activities_done()

    def _releases_itself(self, policy):
        if not policy:
            return self._release_by_itself
        return policy._lets_through(self._release_amount())

    def _release_submit(self, accepted=False):
        """Submit and release what nothing holds back; returns what waits."""
        waiting = self._release_request(accepted)
        passed = self - waiting
        if passed:
            passed._at_the_gate()._release_perform()
            passed._release_settle()
        return waiting

    def _release_undecided(self):
        return self.sudo().approval_ids.filtered(lambda row: row.state in ("waiting", "asked"))

    def _release_withdraw(self):
        """Open questions of the round before are void."""
        self._release_undecided().write({"state": "withdrawn"})
        self._release_activities_done()

    def _release_complete(self):
        """After an answer: release what no step holds back any more."""
        ready = self.filtered(lambda d: not d._release_undecided())
        policies = self.env["construction.release.policy"]._in_force(ready)
        ready = ready.filtered(lambda d: d._releases_itself(policies.get(d.id)))
        if ready:
            ready._release_by(self.env.user)

    def _release_by(self, user):
        self._at_the_gate()._release_perform()
        self._release_settle(released_by=user)
        self.env["construction.audit"].sudo()._record(self, "released")

    def _at_the_gate(self):
        """The same documents with the door open. Rights, limits and duties were checked as
        the user before; the user stays who acts."""
        return self.sudo().with_context(construction_release=DOOR)

    def _is_at_the_gate(self):
        return self.env.context.get("construction_release") is DOOR

    # ---------------------------------------------------------------- duties
    def _release_refusal(self):
        """Why the user may not release this by hand, or None."""
        self.ensure_one()
        if not type(self)._check_releaser.allows(self.env.user):
            return self.env._("Finance or a Project Manager releases %s.", self.display_name)
        return self._duty_refusal(self.env.user)

    @guard("release", FINANCE, PROJECT_MANAGER)
    def _check_releaser(self):
        return self.env._("Finance or a Project Manager releases documents.")

    def _duty_refusal(self, user, principal=None):
        """Why this person may not decide: submitter and releaser are different people,
        here and at the platform, also through a deputy. None when nothing is against it."""
        self.ensure_one()
        submitters = self._submitters()
        for person in (user, principal or user):
            if person in submitters:
                return self.env._(
                    "%(person)s submitted %(document)s (%(where)s) and cannot approve or release "
                    "it as well: another person has to.",
                    person=person.name,
                    document=self.display_name,
                    where=submitters[person],
                )
        return None

    def _submitters(self):
        """{user: where} who made this document, in Odoo or as a mapped person there."""
        found = {
            row.person_id.user_id: self.env._("at the platform, as %s", row.person)
            for row in self.sudo().approval_ids
            if row.role == "submitter" and row.person_id.user_id
        }
        if self.release_requested_by_id:
            found[self.release_requested_by_id] = self.env._("in Odoo")
        return found

    # ---------------------------------------------------------------- tell
    def _release_notify(self):
        """An activity for each person whose turn it is."""
        rows = self._release_open_rows()
        for row in rows:
            document = self.browse(row.res_id)
            known = document.activity_ids.filtered(
                lambda a: a.activity_type_id == self._release_activity_type()
            ).user_id
            for user in row._people() - known:
                document.with_context(mail_activity_quick_update=True).activity_schedule(
                    "construction_sync_base.activity_approval",
                    user_id=user.id,
                    date_deadline=fields.Date.to_date(row.due_at) if row.due_at else None,
                    note=self.env._("Your approval: %s", row.role),
                )

    def _release_activities_done(self):
        known = self.env["mail.activity"].sudo()
        if self.ids:
            known.search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("activity_type_id", "=", self._release_activity_type().id),
                ]
            ).unlink()

    def _release_activity_type(self):
        return self.env.ref("construction_sync_base.activity_approval")

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_at_the_gate():
            for vals in vals_list:
                self._refuse_gate_fields(
                    {name for name in self._gate_fields & vals.keys() if vals[name]}
                )
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_at_the_gate():
            self._refuse_gate_fields(self._gate_fields & vals.keys())
        return super().write(vals)

    def _refuse_gate_fields(self, names):
        if names:
            raise UserError(
                self.env._(
                    "“%s” is kept by the release gate: submit, release or return the document.",
                    self._fields[min(names)]._description_string(self.env),
                )
            )

    def _check_release_required(self):
        for document in self:
            missing = [
                self._fields[name]._description_string(self.env)
                for name in self._release_required
                if not document[name]
            ]
            if missing:
                raise UserError(
                    self.env._(
                        "%(document)s cannot be submitted without: %(fields)s.",
                        document=document.display_name,
                        fields=", ".join(missing),
                    )
                )

    # ----------------------------------------------------------------- hooks
    def _is_gated(self):
        """Whether this record passes the gate at all (an order without a job does not)."""
        return True

    def _release_waits_for(self):
        """Who releases it by hand, in words."""
        return self.env._("release by Finance or a Project Manager")

    def _release_amount(self):
        """What is decided about, in the company's currency."""
        raise NotImplementedError

    def _release_source(self):
        """Where it was made: `odoo` or `platform`, which a model tells by `from_platform`."""
        return "platform" if "from_platform" in self._fields and self.from_platform else "odoo"

    def _approval_extra(self):
        """Values of its approvals that an addon's rules and lists need."""
        return {}

    def _release_default_steps(self):
        """Steps to ask where no rule of the matrix holds: list of values of approvals."""
        return []

    def _release_effect(self):
        """What the release will do, in words and amounts."""
        return False

    def _release_perform(self):
        """Do it. Called with the door open, after every check."""
        raise NotImplementedError

    def _release_returned(self):
        """After it was given back."""

    def _release_taken_back(self):
        """After its sender took it back."""

    @api.model
    def _release_queue_columns(self):
        """What the release queue shows of a document, as SQL on its table `d`: name, job,
        partner, amount in company currency, and until when it should be decided."""
        return {
            "name": SQL("d.number"),
            "job": SQL("NULL"),
            "partner": SQL("NULL"),
            "amount": SQL("d.amount_total"),
            "due": SQL("NULL"),
        }

    @api.model
    def _release_waiting_columns(self):
        """(date, amount) of a waiting document as SQL on its table `d`: the day it belongs to,
        NULL for none, and the cost that its release brings into the books, in company
        currency. Where a release books nothing, there is no such cost."""
        return SQL("NULL::date"), SQL("0")

    @api.model
    def _document_types(self):
        """[(type, label)] of every model behind the gate, for selections."""
        return sorted((model._release_type, model._release_label) for model in self._gated_models())

    @api.model
    def _gated_models(self):
        """The models behind the gate, by name."""
        return [
            self.env[name]
            for name in sorted(self.env.registry)
            if getattr(self.env.registry[name], "_release_type", None)
        ]
