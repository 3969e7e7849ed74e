from odoo import api, fields, models
from odoo.exceptions import UserError

from .construction_guard import FINANCE, PROJECT_MANAGER, guard

REASONS = [
    ("matching", "Does not match the order"),
    ("missing_receipt", "Not received yet"),
    ("dispute", "Disputed"),
    ("compliance", "Compliance"),
    ("back_charge", "Back-charge"),
    ("retention", "Retention"),
    ("manual", "Other"),
]
FACTS = {"res_model", "res_id", "company_id", "reason", "amount", "note"}


class ConstructionHold(models.Model):
    """A reason why a document is not paid. While one stands, no native path pays the document:
    the payment wizard leaves it out, and its items are not matched with a payment.

    A hold holds back the whole document; the amount says how much of it is in question. It is
    placed and released, never edited or deleted.
    """

    _name = "construction.hold"
    _description = "Payment Hold"
    _inherit = ["construction.pointer.mixin"]
    _check_company_auto = True
    _order = "released_at desc, placed_at desc, id desc"
    _rec_name = "reason"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, index=True, readonly=True
    )
    document = fields.Char(compute="_compute_document")
    reason = fields.Selection(REASONS, required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(string="In question", readonly=True)
    note = fields.Char(string="Why", required=True, readonly=True)
    placed_by_id = fields.Many2one("res.users", required=True, readonly=True)
    placed_at = fields.Datetime(required=True, readonly=True)
    released_by_id = fields.Many2one("res.users", readonly=True)
    released_at = fields.Datetime(readonly=True)
    release_note = fields.Char(string="Released because", readonly=True)
    state = fields.Selection(
        [("held", "On hold"), ("released", "Released")],
        compute="_compute_state",
        store=True,
        index=True,
    )

    _open = models.Index("(res_model, res_id) WHERE released_at IS NULL")
    _released = models.Constraint(
        "CHECK ((released_at IS NULL) = (released_by_id IS NULL)"
        " AND (released_at IS NULL) = (release_note IS NULL))",
        "A release names who, when and why.",
    )
    _sign = models.Constraint("CHECK (amount >= 0)", "What is in question is not negative.")

    @api.depends("released_at")
    def _compute_state(self):
        for hold in self:
            hold.state = "released" if hold.released_at else "held"

    @api.depends("res_model", "res_id")
    def _compute_document(self):
        for hold in self:
            record = hold._record()
            hold.document = record.sudo().display_name if record else False

    # --------------------------------------------------------------- actions
    @api.model
    def _place(self, record, reason, note, amount=0.0):
        """Put a document on hold. A hold for the same reason that stands is not doubled.

        :param amount: what is in question, in the company's currency
        """
        standing = self.sudo().search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                ("reason", "=", reason),
                ("state", "=", "held"),
            ],
            limit=1,
        )
        if standing:
            return standing
        hold = self.sudo().create(
            {
                "company_id": record.company_id.id,
                "res_model": record._name,
                "res_id": record.id,
                "reason": reason,
                "note": note,
                "amount": amount,
            }
        )
        self.env["construction.audit"].sudo()._record(record, "hold_placed", {"reason": reason})
        return hold.with_env(self.env)

    @guard("release", FINANCE)
    def _check_releaser(self):
        return self.env._("Finance releases what is on hold.")

    @guard("resolve", FINANCE, PROJECT_MANAGER)
    def _check_placer(self):
        return self.env._("Finance or a Project Manager puts documents on hold.")

    def action_release_dialog(self):
        return self.env["construction.reason"]._ask(self, "release_hold")

    def action_release_hold(self, reason):
        """:raises UserError: no reason, or it was released before"""
        self._check_releaser()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the hold ends; it stays on record."))
        for hold in self:
            if hold.released_at:
                raise UserError(self.env._("This hold was released before."))
        self.sudo()._end(reason)
        return True

    def _end(self, note):
        self.write(
            {
                "released_by_id": self.env.uid,
                "released_at": fields.Datetime.now(),
                "release_note": note,
            }
        )
        for hold in self:
            facts = {"reason": hold.reason, "note": note}
            self.env["construction.audit"]._record(hold._record() or hold, "hold_released", facts)

    # ----------------------------------------------------------------- look
    @api.model
    def _standing(self, records):
        """{record id: holds that stand}, in one query."""
        found = self.sudo().search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "=", "held"),
            ]
        )
        return found.grouped("res_id")

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        """Who and when are never typed."""
        stamp = {
            "placed_by_id": self.env.uid,
            "placed_at": fields.Datetime.now(),
            "released_by_id": False,
            "released_at": False,
            "release_note": False,
        }
        return super().create([vals | stamp for vals in vals_list])

    def write(self, vals):
        if FACTS & vals.keys() or not self.env.su:
            raise UserError(self.env._("A hold is placed and released, not edited."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("A hold is released, not deleted: it stays as evidence."))
