from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import formatLang

from ..lib import budget as formulas


class ConstructionBudgetControl(models.AbstractModel):
    """The budget check before a commitment and the alerts after it. Works on the figures
    of `construction.job.cost`, whose formulas exist once."""

    _name = "construction.budget.control"
    _description = "Budget Control"

    @api.model
    def _overruns(self, orders, before=None, stopped=()):
        """What exceeds the budget: {order id: [(key, available, needed)]}.

        The documents in hand are left out of the positions and counted one after the
        other, so that two orders of one batch cannot both take the last of a line, and
        an edited commitment does not count itself twice. No budget line = 0 available; what
        is held in reserve is not available for work.

        :param before: what the orders needed before a change; a key that needs no more
            than that is not asked again
        :param stopped: ids of orders that an overrun stops: they take nothing from the
            others then, and nobody else takes of their budget meanwhile
        """
        if not orders:
            return {}
        self._hold(orders.filtered(lambda order: order.id in stopped).project_id)
        JobCost = self.env["construction.job.cost"]
        needs = JobCost._needs(orders)
        positions = JobCost._positions(orders.project_id, orders)
        available = {
            key: formulas.for_work(
                figures["available"], figures["contingency"] + figures["allowance"]
            )
            for key, figures in positions.items()
        }
        result = {}
        for order in orders:
            held = (before or {}).get(order.id, {})
            found = []
            for key, needed in needs[order.id].items():
                rest = available.get(key, Decimal(0))
                if needed > max(rest, held.get(key, Decimal(0)), Decimal(0)):
                    found.append((key, rest, needed))
            if found:
                result[order.id] = found
            if not found or order.id not in stopped:
                for key, needed in needs[order.id].items():
                    available[key] = available.get(key, Decimal(0)) - needed
        return result

    def _hold(self, jobs):
        """Let one transaction at a time decide about the budget of these jobs. The row is
        written and not only locked: who waited for the lock would still see the figures of
        before, while one that finds the row written fails and is tried again as a whole."""
        if jobs:
            self.env.cr.execute(
                "UPDATE construction_budget SET state = state"
                " WHERE job_id = ANY(%s) AND state = 'approved'",
                (jobs.ids,),
            )

    @api.model
    def _freed(self, orders, before):
        """The orders among these that need less of a budget line than before a change.

        :param before: `construction.job.cost._needs` of then
        """
        now = self.env["construction.job.cost"]._needs(orders)
        return orders.filtered(
            lambda order: any(
                now[order.id].get(key, 0) < needed for key, needed in before[order.id].items()
            )
        )

    @api.model
    def _explain(self, overruns, currency):
        """The arithmetic in a sentence per key."""
        sentences = []
        for (_job, code_id, type_id), rest, needed in overruns:
            code = self.env["construction.cost.code"].browse(code_id)
            cost_type = self.env["construction.cost.type"].browse(type_id)
            sentences.append(
                self.env._(
                    "%(code)s / %(type)s: available %(rest)s, needed %(needed)s, over by %(over)s.",
                    code=code.display_name,
                    type=cost_type.display_name,
                    rest=self._amount(rest, currency),
                    needed=self._amount(needed, currency),
                    over=self._amount(needed - rest, currency),
                )
            )
        return self.env._("Over budget.") + " " + " ".join(sentences)

    def _amount(self, value, currency):
        return formatLang(self.env, float(value), currency_obj=currency)

    @api.model
    def _raise_alerts(self, keys, standing=False):
        """Note on the budget when a line has passed 80, 90 or 100 %, whatever moved it.

        :param keys: (job, cost code, cost type) ids that a document has touched
        :param standing: only lines with an alert, for what gives budget back
        """
        if not keys:
            return
        jobs = self.env["project.project"].browse({key[0] for key in keys})
        Line = self.env["construction.budget.line"].sudo()
        approved = Domain([("job_id", "in", jobs.ids), ("state", "=", "approved")])
        noticed = Domain("alert_level", "!=", "0")
        if standing and not Line.search_count(approved & noticed, limit=1):
            return
        levels = {}
        for key, figures in self.env["construction.job.cost"]._positions(jobs).items():
            used = figures["actual"] + figures["open"] + figures["pending"]
            level = formulas.alert_level(figures["budget"], used)
            if level and key in keys:
                levels[key] = str(level)
        if levels and not standing:  # most lines have no alert, before or after: they are not read
            noticed |= Domain("cost_code_id", "in", list({key[1] for key in levels}))
        risen = defaultdict(dict)
        for line in Line.search(approved & noticed):
            key = line._key()
            level = levels.get(key, "0")
            if key in keys and level != line.alert_level:
                if int(level) > int(line.alert_level or 0):
                    risen[line.budget_id][key] = (line, level)
                line.alert_level = level
        for budget, entries in risen.items():
            budget.message_post(
                body=self.env._(
                    "Budget used: %s",
                    ", ".join(
                        f"{line.cost_code_id.code} / {line.cost_type_id.name} ≥ {level} %"
                        for line, level in entries.values()
                    ),
                )
            )
