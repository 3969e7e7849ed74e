from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ConstructionLegalHold(models.Model):
    """Recorded data that must be kept because of a dispute: neither retention nor the
    erasure of a person touches it until the hold is lifted.

    A hold covers a company; what else is filled in narrows it down.
    """

    _name = "construction.legal.hold"
    _description = "Legal Hold"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "state, id desc"

    name = fields.Char(required=True, tracking=True, help="The case, as people call it.")
    reason = fields.Text(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    platform_id = fields.Many2one("construction.platform", tracking=True)
    date_from = fields.Date(string="Received from", tracking=True)
    date_to = fields.Date(string="Received until", tracking=True)
    state = fields.Selection(
        [("on", "In force"), ("lifted", "Lifted")],
        required=True,
        default="on",
        readonly=True,
        copy=False,
        tracking=True,
    )
    lifted_at = fields.Datetime(readonly=True, copy=False)
    event_count = fields.Integer(string="Events held", compute="_compute_event_count")

    _period = models.Constraint(
        "CHECK (date_from IS NULL OR date_to IS NULL OR date_from <= date_to)",
        "The period ends before it begins.",
    )

    def _compute_event_count(self):
        for hold in self:
            if not hold.id:
                hold.event_count = 0
                continue
            condition = hold._events("e")
            hold.event_count = self.env.execute_query(
                SQL("SELECT count(*) FROM construction_event e WHERE %s", condition)
            )[0][0]

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        self.env["construction.audit"].sudo()._record(holds, "legal_hold_set")
        return holds

    def write(self, vals):
        if not self.env.su and vals.keys() & {"state", "lifted_at"}:
            raise AccessError(self.env._("A hold is lifted by its button, with a reason."))
        done = super().write(vals)
        if vals.keys() - {"state", "lifted_at"}:
            self.env["construction.audit"].sudo()._record(
                self, "legal_hold_changed", {"fields": sorted(vals)}
            )
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A hold is lifted, not deleted: it tells why data was kept."))

    def action_lift_dialog(self):
        return self.env["construction.reason"]._ask(self, "lift")

    def action_lift(self, reason):
        """End the hold; the next retention run may take what is due."""
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the hold is lifted."))
        held = self.filtered(lambda hold: hold.state == "on")
        held.sudo().write({"state": "lifted", "lifted_at": fields.Datetime.now()})
        self.env["construction.audit"].sudo()._record(held, "legal_hold_lifted", {"reason": reason})
        return True

    # ------------------------------------------------------------ conditions
    @api.model
    def _active(self):
        return self.sudo().search([("state", "=", "on")])

    def _records(self):
        """Documents the hold is narrowed down to, as {model: ids}; None when it is not."""
        self.ensure_one()
        return None

    def _span(self, alias, at):
        """Company, platform and period, for a table with these columns."""
        parts = [SQL("%s = %s", SQL.identifier(alias, "company_id"), self.company_id.id)]
        at = SQL.identifier(alias, at)
        if self.date_from:
            parts.append(SQL("%s >= %s", at, self.date_from))
        if self.date_to:
            parts.append(SQL("%s < %s::date + 1", at, self.date_to))
        return parts

    def _events(self, alias):
        """Condition: the event (alias of its table) is held by one of these holds."""
        return self._any([hold._event(alias) for hold in self])

    def _event(self, alias):
        parts = self._span(alias, "received_at")
        if self.platform_id:
            parts.append(SQL("%s = %s", SQL.identifier(alias, "platform_id"), self.platform_id.id))
        records = self._records()  # pylint: disable=assignment-from-none
        if records is not None:
            parts.append(
                SQL(
                    """EXISTS (SELECT FROM construction_event_binding_rel r
                                 JOIN construction_binding b ON b.id = r.binding_id
                                WHERE r.event_id = %s AND (%s))""",
                    SQL.identifier(alias, "id"),
                    self._among(records, "b", "res_model"),
                )
            )
        return SQL(" AND ").join(parts)

    def _arrivals(self, alias):
        """Conditions of the holds that are not narrowed down to records, for what arrived."""
        return [
            SQL(" AND ").join(
                hold._span(alias, "received_at")
                + (
                    [SQL("%s = %s", SQL.identifier(alias, "platform_id"), hold.platform_id.id)]
                    if hold.platform_id
                    else []
                )
            )
            for hold in self
            if hold._records() is None
        ]

    def _files(self, alias):
        """Condition: the file is held by itself. Who asks looks at the events that name it."""
        return self._any(self._arrivals(alias))

    def _deliveries(self, alias):
        """Condition: the delivery is held, by itself or because of one of its events."""
        through = SQL(
            "EXISTS (SELECT FROM construction_event h WHERE h.delivery_id = %s AND (%s))",
            SQL.identifier(alias, "id"),
            self._events("h"),
        )
        return self._any([*self._arrivals(alias), through]) if self else SQL("FALSE")

    def _audit_rows(self, alias):
        """Condition: the row of the audit trail is held."""
        conditions = [
            SQL(
                "EXISTS (SELECT FROM construction_event h WHERE h.id = %s AND (%s))",
                SQL.identifier(alias, "event_id"),
                self._events("h"),
            )
        ]
        for hold in self.filtered(lambda one: not one.platform_id):
            parts, records = hold._span(alias, "at"), hold._records()
            if records is not None:
                parts.append(hold._among(records, alias, "model"))
            conditions.append(SQL(" AND ").join(parts))
        return self._any(conditions) if self else SQL("FALSE")

    def _among(self, records, alias, model_column):
        return self._any(
            [
                SQL(
                    "%s = %s AND %s = ANY(%s)",
                    SQL.identifier(alias, model_column),
                    model,
                    SQL.identifier(alias, "res_id"),
                    list(ids),
                )
                for model, ids in records.items()
                if ids
            ]
        )

    @api.model
    def _any(self, conditions):
        if not conditions:
            return SQL("FALSE")
        return SQL("(%s)", SQL(" OR ").join(SQL("(%s)", one) for one in conditions))
