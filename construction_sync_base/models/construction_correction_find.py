from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import undo
from ..lib.errors import ToldError
from .construction_correction_line import DATED

# of documents of one day that stand on each other in no way, the later kind goes first
RANKS = {
    "purchase.order": 0,
    "construction.change.order": 1,
    "construction.receipt": 2,
    "construction.accrual": 3,
    "account.move": 4,
    "construction.cost.transfer": 5,
}


class ConstructionCorrection(models.Model):
    """What stands on a document, and proposals to undo it."""

    _inherit = "construction.correction"

    @api.model
    def _propose(self, origin, kind, reason, told_on=None, roots=None, from_platform=True):
        """Make, or bring up to date, the correction of `origin` and submit it.

        :param roots: [(record, action)] to undo; default the document itself
        :param told_on: day on which the change was told
        :return: the correction; `done` where a policy released it
        :raises UserError: it cannot be undone from here
        """
        gate = self.sudo()._at_the_gate()
        record = gate.search(
            [("res_model", "=", origin._name), ("res_id", "=", origin.id), ("state", "=", "draft")]
        )
        values = gate._values_for(origin, kind, reason, told_on, roots)
        if record:
            steps = record._step_keys(values["line_ids"])
            if record.release_state == "to_release" and steps == record._step_keys():
                return record.with_env(self.env)  # who decides about it goes on
            record._release_withdraw()
            values["line_ids"] = [fields.Command.clear(), *values["line_ids"]]
            record.write(values | {"from_platform": from_platform, "release_state": False})
        else:
            record = gate.create(values | {"from_platform": from_platform})
        record = record.with_context(construction_release=None)
        try:
            with self.env.cr.savepoint():
                record._release_submit()
        except UserError as error:  # a policy released what cannot be done: a person looks
            record._at_the_gate().write({"release_state": "to_release"})
            record.message_post(body=str(error))
        return record.with_env(self.env)

    def _step_keys(self, commands=None):
        if commands is None:
            return [(line.res_model, line.res_id, line.action) for line in self.line_ids]
        rows = [command[2] for command in commands]
        return [(row["res_model"], row["res_id"], row["action"]) for row in rows]

    def _values_for(self, origin, kind, reason, told_on=None, roots=None, chosen=None):
        """Values of a correction, its steps in the order in which they are taken.

        :param chosen: {(model, id): day that a person chose for the step}
        """
        day = fields.Date.to_date(told_on) or fields.Date.context_today(self)
        origin = origin.sudo()
        company = origin.company_id
        steps = self._find(roots or [(origin, origin._correction_action())])
        job = origin._correction_job()
        return {
            "company_id": company.id,
            "job_id": job.id,
            "res_model": origin._name,
            "res_id": origin.id,
            "kind": kind,
            "reason": reason,
            "date": day,
            "line_ids": [
                fields.Command.create(
                    self._step_values(record, action, day, chosen or {}) | {"sequence": number}
                )
                for number, (record, action) in enumerate(steps, start=1)
            ],
        }

    def _find(self, roots):
        """[(record, action)] of all that is undone with `roots`, in its order.

        :raises UserError: documents that stand on each other
        """
        found, documents = {}, {}
        left = [(record.sudo(), action) for record, action in roots]
        while left:
            record, action = left.pop()
            key = (record._name, record.id)
            self._check_of_company(record, roots[0][0])
            if key in found:
                if action == "reverse":  # for good is more than for now
                    found[key] = (record, action)
                continue
            found[key] = (record, action)
            needs = record._stands_on_it(action)
            day = record._correction_day() or fields.Date.today()
            documents[key] = undo.Document(
                key,
                (RANKS.get(record._name, 0), day, record.id),
                tuple((other._name, other.id) for other, _action in needs),
            )
            left += needs
        try:
            keys = undo.order(documents, [(record._name, record.id) for record, _a in roots])
        except ToldError as error:
            raise UserError(self.env._(error.text, **error.values)) from error
        return [found[key] for key in keys]

    def _check_of_company(self, record, origin):
        if record.company_id != origin.company_id:
            raise UserError(
                self.env._(
                    "%(record)s is of %(company)s: that company undoes it first.",
                    record=record.display_name,
                    company=record.company_id.name,
                )
            )

    def _step_values(self, record, action, told_on, chosen):
        day = record._correction_day()
        values = {
            "res_model": record._name,
            "res_id": record.id,
            "document": record.display_name,
            "action": action,
            "original_date": day,
            "amount": record._correction_amount(),
            "paid": 0.0,
            "date": False,
            "proposed_date": False,
        }
        if action in DATED:
            proposed = self._day_for(record, day, told_on)
            wanted = chosen.get((record._name, record.id))
            values |= {
                "proposed_date": proposed,
                "date": wanted if wanted and not self._is_locked(record, wanted) else proposed,
                "paid": record._correction_paid(),
            }
        return values

    def _is_locked(self, record, day):
        """Whether job cost or the ledger takes nothing of it on a day."""
        Period = self.env["construction.period"].sudo()
        return bool(Period._locked(record.company_id, [day])) or record._ledger_locked(day)

    def _day_for(self, record, day, told_on):
        """On which day something of `day` is taken back.

        :raises UserError: no month is open
        """
        try:
            return undo.day_of(day, told_on, lambda one: self._is_locked(record, one))
        except ToldError as error:
            raise UserError(self.env._(error.text, **error.values)) from error

    def _find_again(self):
        """The steps as they are now; days that somebody chose stay while they are open.

        :raises UserError: nothing is left to undo
        """
        self.ensure_one()
        origin = self._record()
        if not origin:
            raise UserError(self.env._("The document is no more: drop the correction."))
        origin.check_access("read")
        origin = origin.sudo()
        chosen = {
            (line.res_model, line.res_id): line.date
            for line in self.line_ids
            if line.date != line.proposed_date
        }
        roots = self._roots(origin)
        values = self._values_for(origin, self.kind, self.reason, self.date, roots, chosen)
        lines = [fields.Command.clear(), *values["line_ids"]]
        self._at_the_gate().write({"line_ids": lines, "job_id": values["job_id"]})

    def _roots(self, origin):
        """[(record, action)]: what a platform's change needs, else the document itself.

        :raises UserError: nothing is left to undo
        """
        if self.kind == "change" and self.from_platform:
            roots = [
                (record, record._correction_again(line.action))
                for line in self.line_ids
                if (record := line._record())
                and (line.action == "give_back" or record._is_to_undo())
            ]
        else:
            roots = [(origin, origin._correction_action())] if origin._is_to_undo() else []
        if not roots:
            raise UserError(self.env._("Nothing is left to undo: drop the correction."))
        return roots

    @api.model
    def _open_of(self, origins):
        """The corrections of these documents that wait."""
        return self.sudo().search(
            [
                ("res_model", "=", origins._name),
                ("res_id", "in", origins.ids),
                ("state", "=", "draft"),
            ]
        )

    @api.model
    def _dialog(self, origin):
        """What undoing `origin` takes along, to be looked at; nothing is written before it is
        submitted."""
        self.check_access("create")
        origin.check_access("read")
        standing = self._open_of(origin)
        if standing:
            return standing.with_env(self.env)._get_records_action()
        if not origin.sudo()._is_to_undo():
            raise UserError(self.env._("%s: there is nothing to undo.", origin.display_name))
        values = self._values_for(origin, "void", " ")
        view = self.env.ref("construction_sync_base.view_construction_correction_dialog")
        context = {f"default_{name}": value for name, value in values.items() if name != "reason"}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Undo"),
            "res_model": self._name,
            "views": [[view.id, "form"]],
            "target": "new",
            "context": context,
        }
