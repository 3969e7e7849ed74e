from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionBudgetChangeVoid(models.Model):
    """How budget changes are undone, and the door for documents that bring their own."""

    _inherit = "construction.budget.change"

    # ------------------------------------------------------------------ void
    def action_void_dialog(self):
        return self.env["construction.reason"]._ask(self, "void_budget_change")

    def action_void(self, reason):
        """Undo approved changes by counter movements of today, through the same gate.

        :raises UserError: no reason, or a change that never counted or was undone already
        """
        self._check_approver()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the change is undone; it stays in the record."))
        self._void(reason, fields.Date.context_today(self))
        return True

    def _void(self, reason, date, decided=False, from_platform=False):
        """Make and submit the counter movements.

        :param date: day from which the changes do not count any more
        :param from_platform: a platform voided them
        :param decided: somebody has decided already (the change order that is undone): the
            counter movements do not pass the gate again
        :return: the counter movements
        """
        for change in self:
            if change.state != "approved" or change.voids_id:
                raise UserError(
                    self.env._(
                        "%s cannot be voided: only an approved change is, and not a counter "
                        "movement. Make a new change instead.",
                        change.display_name,
                    )
                )
            if change.voided_by_ids:
                raise UserError(
                    self.env._(
                        "%(change)s is undone by %(counter)s, which does not count yet: release "
                        "that one, submit it again or delete it.",
                        change=change.display_name,
                        counter=change.voided_by_ids.display_name,
                    )
                )
        counters = self._by_approval().create(
            [change._counter_values(reason, date) for change in self]
        )
        if decided:
            counters._approve_as_decided()
        elif from_platform:
            counters._release_from_platform()
        else:
            counters._release_submit()
        return counters.with_env(self.env)

    def _counter_values(self, reason, date):
        lines = self.line_ids.copy_data()
        return {
            "job_id": self.job_id.id,
            "number": f"{self.number}/V",
            "kind": self.kind,
            "date": date,
            "reason": reason,
            "voids_id": self.id,
            "line_ids": [
                fields.Command.create(line | {"change_id": False, "amount": -line["amount"]})
                for line in lines
            ],
        }

    # ------------------------------------------------- documents that bring one
    @api.model
    def _approve_from(self, source, values):
        """The budget side of `source`, a document that was decided already (a change order):
        it counts at once and passes no gate of its own.

        One budget change lives per source. Where one stands already, because the platform
        sent it as `budget_change.approved` of that change order, it is taken and nothing
        moves a second time. After it was voided the source may move the budget again.

        :param source: the record that was decided
        :param values: of the change: `job_id`, `reason`, `line_ids`; optionally `number`,
            `kind`, `date`, `source_change_order`
        :return: the change
        :raises UserError: the job takes no change now, a transfer is not zero, or the change
            that stands already moves other amounts
        """
        changes = self.sudo()._by_approval()
        standing = changes._of_source(
            source, values.get("job_id"), values.get("source_change_order")
        )
        own = {"source_model": source._name, "source_id": source.id}
        if standing:
            standing.write(own)
            wanted = changes.new(values)
            if standing._moves() != wanted._moves():
                raise UserError(
                    self.env._(
                        "%(document)s has moved the budget by %(change)s already, with other "
                        "amounts. Void that change first.",
                        document=source.display_name,
                        change=standing.display_name,
                    )
                )
            if standing.state == "draft":
                standing._approve_as_decided()
            return standing.with_env(self.env)
        change = changes.create({**values, **own})
        change._approve_as_decided()
        return change.with_env(self.env)

    @api.model
    def _void_from(self, source, reason, date):
        """Undo the budget side of `source`; an empty recordset where it has none.

        :return: the counter movement
        """
        changes = self.sudo()._by_approval()
        standing = changes._of_source(source)
        if standing.state == "draft":
            standing._drop(reason)
            return self.browse()
        return standing._void(reason, date, decided=True).with_env(self.env) if standing else self

    def _approve_as_decided(self):
        self._at_the_gate()._release_withdraw()
        self._check_release_required()
        self._at_the_gate()._approve()
        self._release_settle()

    def _drop(self, reason):
        """A change that never counted and never will."""
        self._at_the_gate()._release_withdraw()
        self._at_the_gate()._by_approval().write({"release_state": False, "state": "void"})
        for change in self:
            change.message_post(body=self.env._("Void before it counted: %s", reason or "—"))

    def _of_source(self, source, job_id=None, name=None):
        """The living change of a source: by the record itself, or by what a platform calls it.

        :param name: that, where its binding is only being written
        """
        own = [("source_model", "=", source._name), ("source_id", "=", source.id)]
        bindings = (
            self.env["construction.binding"]
            .sudo()
            .search([("res_model", "=", source._name), ("res_id", "=", source.id)])
        )
        names = [*bindings.mapped("external_id"), *filter(None, [name])]
        named = [("source_change_order", "in", names)]
        if job_id:
            named.append(("job_id", "=", job_id))
        living = fields.Domain("state", "!=", "void")
        return self.search(living & (fields.Domain(own) | fields.Domain(named)), limit=1)

    def _moves(self):
        """{(cost code, cost type, reserve): amount} without what adds up to nothing."""
        self.ensure_one()
        total = {}
        for line, amount in zip(self.line_ids, self._amounts(), strict=True):
            key = (line.cost_code_id.id, line.cost_type_id.id, line.reserve or False)
            total[key] = total.get(key, 0) + amount
        return {key: amount for key, amount in total.items() if amount}
