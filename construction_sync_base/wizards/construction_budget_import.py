import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import estimate, money, spreadsheet
from ..lib.errors import ToldError
from ..lib.names import match_key


class ConstructionBudgetImport(models.TransientModel):
    """An estimate from a file or pasted lines becomes a draft version of a job's budget.

    Every line is shown with what is wrong with it before anything is made; the draft is then
    approved like any other version.
    """

    _name = "construction.budget.import"
    _description = "Estimate to Budget"

    job_id = fields.Many2one("project.project", required=True, domain="[('is_job', '=', True)]")
    company_id = fields.Many2one(related="job_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    source = fields.Selection(
        [("file", "File"), ("paste", "Pasted lines")], required=True, default="file"
    )
    file = fields.Binary(attachment=False)
    filename = fields.Char()
    text = fields.Text(string="Lines")
    decimal_mark = fields.Selection(
        [(".", "1,234.50"), (",", "1.234,50")], string="Numbers", required=True, default="."
    )
    version = fields.Char(help="Empty: the next one of the job.")
    state = fields.Selection([("input", "Input"), ("preview", "Preview")], default="input")
    line_ids = fields.One2many("construction.budget.import.line", "import_id")
    line_count = fields.Integer(compute="_compute_totals")
    error_count = fields.Integer(string="Lines with an error", compute="_compute_totals")
    amount_total = fields.Monetary(string="Total", compute="_compute_totals")

    @api.depends("line_ids.error", "line_ids.amount")
    def _compute_totals(self):
        for dialog in self:
            dialog.line_count = len(dialog.line_ids)
            dialog.error_count = len(dialog.line_ids.filtered("error"))
            dialog.amount_total = sum(dialog.line_ids.mapped("amount"))

    # --------------------------------------------------------------- preview
    def action_preview(self):
        """Read the lines and say what is wrong with each.

        :raises UserError: it is no table, or has no lines
        """
        self.ensure_one()
        self.job_id.check_access("read")
        try:
            lines = estimate.parse(self._rows(), self.currency_id.decimal_places, self.decimal_mark)
        except ToldError as error:
            raise UserError(self._told(error)) from error
        found = self._lookups(lines)
        self.line_ids.unlink()
        self.write(
            {
                "state": "preview",
                "line_ids": [fields.Command.create(self._values(line, *found)) for line in lines],
            }
        )
        return self._again()

    def action_back(self):
        self.state = "input"
        return self._again()

    def _again(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Estimate to budget"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _rows(self):
        if self.source == "paste":
            return spreadsheet.read_text(self.text or "")
        if not self.file:
            raise UserError(self.env._("Choose a file, or paste the lines."))
        return spreadsheet.read(self._content())

    def _content(self):
        try:
            return base64.b64decode(self.file)
        except (binascii.Error, ValueError) as error:
            raise UserError(
                self.env._("The file did not arrive whole: choose it again.")
            ) from error

    def _told(self, error):
        return self.env._(error.text, **error.values)

    def _lookups(self, lines):
        """(codes, types, phases, units) that the lines name, by text."""
        codes = self._by_code("construction.cost.code", {line.cost_code for line in lines})
        types = self._by_code("construction.cost.type", {line.cost_type for line in lines})
        phases = self._by_code("construction.phase", {line.phase for line in lines})
        return codes, types, phases, self._units({line.uom for line in lines})

    def _by_code(self, model, texts):
        """{text: active record}: the job's list before the company's before the shared one."""
        texts = {text for text in texts if text}
        wanted = {match_key(text): text for text in texts}
        found = {}
        for record in self.env[model].search(
            [("code", "in", list(texts | {text.lower() for text in texts})),
             ("company_id", "in", (False, self.company_id.id))]
        ):  # fmt: skip
            found.setdefault(match_key(record.code), []).append(record)
        handler = self.env["construction.handler.domain"]
        return {
            wanted[key]: record
            for key, records in found.items()
            if key in wanted and (record := handler._best_candidate(records, self.job_id))
        }

    def _units(self, texts):
        """{text: unit}, by the crosswalk of every platform, else by its name."""
        texts = {text for text in texts if text}
        mapped = self.env["construction.resolver"]._codes("uom", texts, False, self.company_id.id)
        units = self.env["uom.uom"].search([("name", "in", list(texts))])
        found = {unit.name: unit for unit in units}
        for text, (model, res_id) in mapped.items():
            if model == "uom.uom":
                found[text] = self.env[model].browse(res_id)
        return found

    def _values(self, line, codes, types, phases, units):
        errors = [self._told(error) for error in line.errors]
        for text, known, label in (
            (line.cost_code, codes, self.env._("Cost code")),
            (line.cost_type, types, self.env._("Cost type")),
            (line.phase, phases, self.env._("Phase")),
            (line.uom, units, self.env._("Unit")),
        ):
            if text and text not in known:
                errors.append(
                    self.env._(
                        "%(label)s “%(text)s” does not exist for this job.", label=label, text=text
                    )
                )
        digits = self.currency_id.decimal_places
        return {
            "row": line.row,
            "code_text": line.cost_code,
            "type_text": line.cost_type,
            "cost_code_id": codes[line.cost_code].id if line.cost_code in codes else False,
            "cost_type_id": types[line.cost_type].id if line.cost_type in types else False,
            "phase_id": phases[line.phase].id if line.phase in phases else False,
            "uom_id": units[line.uom].id if line.uom in units else False,
            "description": line.description,
            "reserve": line.reserve or False,
            "quantity": money.to_float(line.quantity or 0, money.QUANTITY_DECIMALS),
            "unit_cost": money.to_float(line.unit_cost or 0, money.PRICE_DECIMALS),
            "amount": money.to_float(line.amount or 0, digits),
            "error": " ".join(errors) or False,
        }

    # ---------------------------------------------------------------- create
    def action_create_budget(self):
        """Make the draft version.

        :raises UserError: nothing was read yet, a line has an error, or the sum is negative
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Read the lines first."))
        if self.error_count:
            raise UserError(
                self.env._(
                    "%s lines have an error. Correct them in the estimate and read it again.",
                    self.error_count,
                )
            )
        if self.currency_id.compare_amounts(self.amount_total, 0) < 0:
            raise UserError(self.env._("The total of a budget cannot be negative."))
        Budget = self.env["construction.budget"]
        budget = Budget.create(
            {
                "job_id": self.job_id.id,
                "version": self.version or Budget._next_version(self.job_id),
                "line_ids": [fields.Command.create(values) for values in self._budget_lines()],
            }
        )
        self._keep_source(budget)
        return budget._get_records_action(context={})

    def _budget_lines(self):
        """Values of budget lines; a second line of one key is told apart by its row."""
        seen = set()
        for line in self.line_ids:
            key = (line.cost_code_id, line.cost_type_id, line.reserve, line.phase_id)
            ref = False if key not in seen else self.env._("row %s", line.row)
            seen.add(key)
            yield {
                "line_ref": ref,
                "cost_code_id": line.cost_code_id.id,
                "cost_type_id": line.cost_type_id.id,
                "phase_id": line.phase_id.id,
                "uom_id": line.uom_id.id,
                "description": line.description,
                "reserve": line.reserve,
                "quantity": line.quantity,
                "unit_cost": line.unit_cost,
                "amount": line.amount,
            }

    def _keep_source(self, budget):
        """The estimate stays with the budget that was made of it."""
        if self.source == "file":
            attachments = [(self.filename or "estimate", self._content())]
        else:
            attachments = [("estimate.txt", (self.text or "").encode())]
        budget.message_post(
            body=self.env._("Made of an estimate of %s lines.", self.line_count),
            attachments=attachments,
        )
