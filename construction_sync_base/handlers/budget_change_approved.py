from odoo import fields, models

from ..lib import budget_versions, money
from ..models.construction_resolver import coding_of


class BudgetChangeApproved(models.AbstractModel):
    """budget_change.approved → a revision or transfer that counts from its day on.

    A movement: it counts once, whatever is sent again. One that names a change order is that
    change order's budget side, and whichever of the two comes second moves nothing.
    """

    _name = "construction.handler.budget_change.approved"
    _inherit = "construction.typed.budget.change"
    _description = "budget_change.approved"

    _event_type = "construction.budget_change.approved.v1"
    _replaces = False
    _order_in_batch = 42

    def _apply(self, items):
        ready = self._of_one_job(items, self._park_for_job)
        found = self._lookups(ready)
        asked = []
        for item, job in ready:
            lines = self._lines(item, job, *found)
            if not item.blocked:
                asked.append((item, job, self._values(item, job, lines)))
        fresh, made = self._without_present(asked)
        made += self._create(
            [row for row in fresh if not self._is_locked(row[0], row[1], row[2]["kind"])]
        )
        self.env["construction.approval"]._from_platform(made)
        self._submit(made)

    def _park_for_job(self, item, job):
        """What waits for its job or its budget."""
        refusal = self.env["construction.budget.change"]._job_refusal(job)
        if refusal:
            self._park_refused(item, refusal)
        return bool(refusal)

    def _lookups(self, ready):
        entries = [(item, job, line) for item, job in ready for line in item.data["lines"]]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        return codes, types, self._places(entries)

    def _lines(self, item, job, codes, types, places):
        currency = job.company_id.currency_id
        values, amounts = [], []
        for position, line in enumerate(item.data["lines"], start=1):
            amount = self._number(
                item, money.parse_amount, line["amount"], f"lines[{position}].amount",
                currency.decimal_places, signed=True,
            )  # fmt: skip
            code = codes.get((item.id, coding_of(line["cost_code"])))
            cost_type = types.get((item.id, coding_of(line["cost_type"])))
            if None in (amount, code, cost_type):
                continue
            amounts.append(amount)
            values.append(
                {
                    "line_ref": line.get("line_id") or False,
                    "cost_code_id": code.id,
                    "cost_type_id": cost_type.id,
                    "reserve": line.get("reserve") or False,
                    "description": line.get("description") or False,
                    "amount": money.to_float(amount, currency.decimal_places),
                    **self._place(item, line, places),
                }
            )
        rest = budget_versions.zero_sum(amounts)
        if item.data["kind"] == "transfer" and rest and not item.blocked:
            item.park(
                "amount",
                self.env._("The lines of a transfer add up to zero; these add up to %s.", rest),
                amount=abs(rest),
                currency_id=currency.id,
                suggestion=self.env._("The platform corrects it, or sends a revision."),
            )
        return values

    def _values(self, item, job, lines):
        return {
            "job_id": job.id,
            "number": item.data["number"],
            "kind": item.data["kind"],
            "date": item.data["date"],
            "reason": item.data["reason"],
            "platform_ref": item.external_id,
            "source_change_order": item.data.get("source_change_order") or False,
            "line_ids": [fields.Command.create(line) for line in lines],
        }

    def _create(self, fresh):
        """(change, item) of new changes; a number that is taken gets a suffix, since a change
        of the same number stays in the record."""
        Change = self.env["construction.budget.change"]
        taken = {}
        for change in Change.search([("job_id", "in", [job.id for _item, job, _v in fresh])]):
            taken.setdefault(change.job_id.id, set()).add(change.number)
        for _item, job, values in fresh:
            numbers = taken.setdefault(job.id, set())
            name, count = values["number"], 1
            while values["number"] in numbers:
                count += 1
                values["number"] = f"{name}.{count}"
            numbers.add(values["number"])
        changes = Change._by_approval().create([values for _item, _job, values in fresh])
        return [
            (change.with_env(self.env), item)
            for change, (item, _job, _values) in zip(changes, fresh, strict=True)
        ]

    def _submit(self, made):
        """Submit what is new; what was voided before it came moves nothing."""
        void = self._voided_before([item for _change, item in made])
        late = [(change, item) for change, item in made if item.id in void]
        for change, item in late:
            change._drop(self.env._("the platform voided it"))
            item.bind(change, tombstone=True)
        rest = [pair for pair in made if pair not in late]
        changes = self.env["construction.budget.change"].union(*(change for change, _i in rest))
        overdrawn = dict(changes._overdrawn())
        waiting = changes._release_from_platform() if changes else changes
        for change, item in rest:
            item.bind(change)
            if change in waiting:
                self._notice_waiting(item, change)
            if change in overdrawn:
                item.notice("budget", overdrawn[change])
