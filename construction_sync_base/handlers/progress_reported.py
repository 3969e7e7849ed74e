from odoo import fields, models

from ..lib import money
from ..models.construction_resolver import code_of, coding_of

DATES = ("baseline_on", "forecast_on", "actual_on")


class ProgressReported(models.AbstractModel):
    """progress.reported → how far a job is at the end of a day; a newer version of the same
    report replaces its lines and milestones.

    A line says a percentage or a quantity; where it says both the percentage leads, since
    that is what the platform itself shows as progress.
    """

    _name = "construction.handler.progress.reported"
    _inherit = "construction.handler.domain"
    _description = "progress.reported"

    _event_type = "construction.progress.reported.v1"
    _order_in_batch = 90

    def _apply(self, items):
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        ready = [(item, jobs[item.id]) for item in items if not item.blocked]
        entries = [(item, job, line) for item, job in ready for line in item.data["lines"]]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        typed = [entry for entry in entries if entry[2].get("cost_type")]
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in typed])
        uoms = self._uoms([(i, j.company_id, line.get("uom")) for i, j, line in entries])
        known, rows = self._split_new(items, "construction.progress"), []
        for item, job in ready:
            item.company_id = job.company_id.id
            values = self._values(item, job, codes, types, uoms)
            if item.blocked:
                continue
            if report := known.get(item.id):
                report.line_ids.sudo().unlink()  # else no event deletes anything of a report
                report.milestone_ids.sudo().unlink()
                report.write(values)
                item.bind(report)
            else:
                rows.append((item, values))
        self._create_bound("construction.progress", rows)

    def _values(self, item, job, codes, types, uoms):
        lines, seen = [], set()
        for position, line in enumerate(item.data["lines"], start=1):
            values = self._line(item, line, f"lines[{position}]", codes, types, uoms)
            if values is None:
                continue
            key = (values["cost_code_id"], values["cost_type_id"])
            if key in seen:
                item.park(
                    "amount",
                    self.env._(
                        "lines[%(line)s]: %(code)s stands there twice.",
                        line=position,
                        code=coding_of(line["cost_code"]),
                    ),
                )
            seen.add(key)
            lines.append(fields.Command.create(values))
        return {
            "job_id": job.id,
            "as_of": item.data["as_of"],
            "source": item.data["source"],
            "comment": item.data.get("note") or False,
            "line_ids": lines,
            "milestone_ids": self._milestones(item),
        }

    def _line(self, item, line, path, codes, types, uoms):
        """Values of a line, or None after parking the item."""
        percent, quantity = line.get("percent_complete"), line.get("quantity_to_date")
        if percent is None and quantity is None:
            item.park(
                "schema",
                self.env._("%s says neither percent_complete nor quantity_to_date.", path),
                suggestion=self.env._("The platform has to send a corrected version."),
            )
            return None
        measure = "quantity" if percent is None else "percent"
        percent = self._number(
            item, money.parse_percent, percent or "0", f"{path}.percent_complete"
        )
        quantity = self._number(
            item, money.parse_quantity, quantity or "0", f"{path}.quantity_to_date"
        )
        code = codes.get((item.id, coding_of(line["cost_code"])))
        kind = self.env["construction.cost.type"]
        if line.get("cost_type"):
            kind = types.get((item.id, coding_of(line["cost_type"])))
        uom = uoms.get((item.id, code_of(line.get("uom")))) if line.get("uom") else None
        if item.blocked or None in (percent, quantity, code, kind):
            return None
        return {
            "cost_code_id": code.id,
            "cost_type_id": kind.id,
            "measure": measure,
            "percent_complete": money.to_float(percent, money.PERCENT_DECIMALS),
            "quantity_to_date": money.to_float(quantity, money.QUANTITY_DECIMALS),
            "uom_id": uom.id if uom else False,
        }

    def _milestones(self, item):
        rows, seen = [], set()
        for milestone in item.data.get("milestones") or ():
            if milestone["code"] in seen:
                item.park(
                    "schema",
                    self.env._("Milestone “%s” stands there twice.", milestone["code"]),
                )
            seen.add(milestone["code"])
            rows.append(
                fields.Command.create(
                    {
                        "code": milestone["code"],
                        "name": milestone["name"],
                        "contract_line_ref": milestone.get("contract_line_id") or False,
                    }
                    | {name: milestone.get(name) or False for name in DATES}
                )
            )
        return rows
