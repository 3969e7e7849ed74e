from collections import defaultdict

from odoo import models

TOLD = {"parked": "construction.event.parked.v1", "dead": "construction.event.failed.v1"}
LINKED = "construction.master.linked.v1"


class ConstructionOutcomeTold(models.AbstractModel):
    """Whoever sent an event is told what became of it where somebody has to act."""

    _inherit = "construction.outcome"

    def _save(self, token, rows, items, replaced, actor):
        result = super()._save(token, rows, items, replaced, actor)
        outbox = self.env["construction.outbox"]
        stuck = [row for row in rows if row["outcome"][0] in TOLD]
        if stuck and any(map(outbox._awaited, TOLD.values())):
            outbox._tell([self._outcome_fact(row, items.get(row["id"])) for row in stuck])
        if outbox._awaited(LINKED):
            outbox._tell(self._linked_facts(rows, items))
        return result

    def _linked_facts(self, rows, items):
        """Which of the platform's master data stands for which record from now on."""
        objects = self.env["construction.outbox"]._linked_objects()
        linked = [
            (row, binding)
            for row in rows
            if row["outcome"][0] == "processed" and row["id"] in items
            for binding in items[row["id"]].bindings
            if binding["object"] in objects and binding["res_id"]
        ]
        ids = defaultdict(list)
        for _row, binding in linked:
            ids[binding["res_model"]].append(binding["res_id"])
        records = {
            (model, record.id): record
            for model, found in ids.items()
            for record in self.env[model].sudo().browse(found)
        }
        facts = []
        for row, binding in linked:
            record = records[binding["res_model"], binding["res_id"]]
            facts.append(
                {
                    "type": LINKED,
                    "subject": f"{binding['object']}/{binding['external_id']}",
                    "company_id": binding["company_id"] or row["company_id"],
                    "platform_id": row["platform_id"],
                    "event_id": row["id"],
                    "record": record,
                    "snapshot": True,
                    "data": {
                        "object": binding["object"],
                        "external_id": binding["external_id"],
                        "number": record.display_name,
                    },
                }
            )
        return facts

    def _outcome_fact(self, row, item):
        """A parked event is told with what is to be done, one that was given up with the fault:
        its text stays here, where it can name what nobody outside may read."""
        problems = [problem for problem in item.problems if problem.blocking] if item else []
        first = problems[0] if problems else None
        data = {
            "category": first.category if first else "internal",
            "message": "\n".join(
                " ".join(filter(None, (problem.message, problem.suggestion)))
                for problem in problems
            )
            or self.env._("It could not be applied. Ask the Integration Manager."),
        }
        if first and first.amount is not None:
            data["amount"] = str(first.amount)
        return {
            "type": TOLD[row["outcome"][0]],
            "subject": row["subject"],
            "company_id": item.company_id if item else row["company_id"],
            "platform_id": row["platform_id"],
            "event_id": row["id"],
            "data": data,
        }
