from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import formatLang

from ..lib import money
from ..lib.names import match_key

HEADER = ("basis", "includes_changes", "effective_on")
CODING = ("cost_code_id", "cost_type_id", "reserve")
# a person who typed the budget knew the coding; a platform's own version says these as well
SENT = (*CODING, "phase_id", "location_id", "segments")


class ConstructionTypedBudget(models.AbstractModel):
    """Recognises a budget that stands in Odoo already: one that the same platform record
    made and that the event does not change, or one that somebody typed while the platform
    was down.

    A typed one is the one meant when job and version are the same and nothing of any
    platform is bound to it. A draft takes the lines of the event and is approved. An
    approved one is never edited: it is bound where basis and every amount per cost code,
    cost type and reserve are equal, and a question to a person otherwise.
    """

    _name = "construction.typed.budget"
    _inherit = "construction.handler.domain"
    _description = "Budgets Typed by Hand"

    def _without_present(self, asked):
        """What of `asked` still has to be made or released; the rest is bound or parked.

        :param asked: list of (item, job, values of the budget)
        :return: the part of `asked` that needs a new budget, and (budget, item) of typed
            drafts that have the event's lines now
        """
        if not asked:
            return [], []
        items = [item for item, _job, _values in asked]
        known = self._split_new(items, "construction.budget")
        by_hand = self._never_applied(items)
        typed = self._typed_budgets([job for _item, job, _values in asked])
        fresh, typed_for = [], []
        for item, job, values in asked:
            budget = known.get(item.id)
            if budget and item.id in by_hand:
                typed_for.append((item, budget, values))
            elif budget and self._is_same(item, budget, values):
                item.bind(budget)
            elif budget or item.apart:
                fresh.append((item, job, values))
            elif found := typed.pop((job.id, match_key(str(item.data["version"]))), None):
                if self._may_adopt(item, found, values):
                    typed_for.append((item, found, values))
            else:
                fresh.append((item, job, values))
        return fresh, self._settle(typed_for)

    def _typed_budgets(self, jobs):
        """{(job id, version key): budget} of what no platform reported."""
        budgets = self.env["construction.budget"].search(
            [("job_id", "in", [job.id for job in jobs])], order="id desc"
        )
        bound = set(
            self.env["construction.binding"]
            .sudo()
            .search([("res_model", "=", budgets._name), ("res_id", "in", budgets.ids)])
            .mapped("res_id")
        )
        return {
            (budget.job_id.id, match_key(budget.version)): budget
            for budget in budgets
            if budget.id not in bound
        }

    def _is_same(self, item, budget, values):
        """Whether the event says what its budget, the approved one, says already. A
        version sent again carries a suffix here."""
        version = str(item.data["version"])
        return (
            budget.state == "approved"
            and (budget.version == version or budget.version.startswith(f"{version}."))
            and not self._differences(budget, values, SENT)
            and self._planned(budget) == self._asked_plan(budget, values)
        )

    def _planned(self, budget):
        """What of a budget earned value is read from, comparable with `_asked_plan`."""
        return sorted(
            (
                line.cost_code_id.id, line.cost_type_id.id, line.production_quantity,
                line.production_uom_id.id,
                sorted((str(month.month), month.amount) for month in line.spread_ids),
            )
            for line in budget.line_ids
            if line.spread_ids or line.production_quantity
        )  # fmt: skip

    def _asked_plan(self, budget, values):
        return sorted(
            (
                line["cost_code_id"], line["cost_type_id"], line["production_quantity"],
                line["production_uom_id"],
                sorted((part["month"], part["amount"]) for _c, _i, part in line["spread_ids"]),
            )
            for _command, _id, line in values["line_ids"]
            if line["spread_ids"] or line["production_quantity"]
        )  # fmt: skip

    def _may_adopt(self, item, budget, values):
        differences = self._differences(budget, values)
        if differences and budget.state != "draft":
            item.park(
                "duplicate",
                self.env._(
                    "%s stands in Odoo already, typed by hand, with other figures.",
                    budget.display_name,
                ),
                wait=f"external:budget|{item.external_id}",
                suggestion=self.env._("Look at the differences and choose it, or a new version."),
                candidates=self._candidates([budget], [differences]),
            )
            return False
        self._audit_adopted(item, budget, "job and version", differences)
        return True

    def _settle(self, found):
        """Bind typed budgets; drafts take the event's lines, to be released like new ones.

        :param found: list of (item, budget, values)
        :return: (budget, item) of the drafts
        """
        drafts = []
        for item, budget, values in found:
            if budget.state == "draft":
                budget.line_ids.sudo().unlink()  # else no event deletes a line of a budget
                budget.write(values)
                drafts.append((budget, item))
            else:
                item.bind(budget)
        return drafts

    def _differences(self, budget, values, names=CODING):
        """What the event says otherwise than the budget, as sentences.

        :param names: fields of lines; amounts are compared per value of all of them
        """
        found = [
            self.env._("%s differs", budget._fields[name]._description_string(self.env))
            for name in HEADER
            if (budget[name] and str(budget[name]) or False) != (values[name] or False)
        ]
        ours, theirs = self._amounts(budget, names), self._sent_amounts(budget, values, names)
        for key in sorted(ours.keys() | theirs.keys(), key=str):
            here, there = ours.get(key, Decimal(0)), theirs.get(key, Decimal(0))
            if here != there:
                found.append(self._amount_difference(budget, key, here, there))
        return found

    def _amount_difference(self, budget, key, here, there):
        code, cost_type, reserve = key[: len(CODING)]

        def shown(amount):
            return formatLang(self.env, float(amount), currency_obj=budget.currency_id)

        return self.env._(
            "%(code)s %(type)s%(reserve)s: %(ours)s here, %(theirs)s there",
            code=self.env["construction.cost.code"].browse(code).code,
            type=self.env["construction.cost.type"].browse(cost_type).code,
            reserve=f" {reserve}" if reserve else "",
            ours=shown(here),
            theirs=shown(there),
        )

    def _amounts(self, budget, names):
        digits = budget.currency_id.decimal_places
        totals = defaultdict(Decimal)
        for line in budget.line_ids:
            values = [line[name] for name in names]
            key = tuple(v.id if isinstance(v, models.BaseModel) else v or False for v in values)
            totals[key] += money.from_float(line.amount, digits)
        return {key: amount for key, amount in totals.items() if amount}

    def _sent_amounts(self, budget, values, names):
        digits = budget.currency_id.decimal_places
        totals = defaultdict(Decimal)
        for _command, _id, line in values["line_ids"]:
            key = tuple(line[name] for name in names)
            totals[key] += money.from_float(line["amount"], digits)
        return {key: amount for key, amount in totals.items() if amount}
