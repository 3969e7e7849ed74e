from odoo import models
from odoo.tools import formatLang

from ..lib import ordering
from ..lib.names import match_key

MODEL = "construction.budget.change"


class ConstructionTypedBudgetChange(models.AbstractModel):
    """Recognises a budget change that stands in Odoo already: one that the same platform
    record made, the budget side of the same change order, or one that somebody typed while
    the platform was down (same job and number, bound to nothing).

    A draft takes what the event says and is submitted. One that counts is never edited: it
    is bound where every amount per cost code, cost type and reserve is equal, and a question
    to a person otherwise.
    """

    _name = "construction.typed.budget.change"
    _inherit = "construction.handler.domain"
    _description = "Budget Changes That Stand Already"

    def _without_present(self, asked):
        """What of `asked` is new, and drafts that have the event's values now; the rest is
        bound or parked.

        :param asked: list of (item, job, values of the change)
        :return: rows like `asked`, and (change, item)
        """
        if not asked:
            return [], []
        items = [item for item, _job, _values in asked]
        bound, newer = self._split_new(items, MODEL), self._newer(items)
        sides, typed = self._sides(asked), self._typed(asked)
        fresh, drafts = [], []
        for item, job, values in asked:
            if item.blocked:
                continue
            change = bound.get(item.id)
            if change and change.state == "void":
                if item.id in newer:
                    fresh.append((item, job, values))
                else:
                    item.bind(change, tombstone=True)
                continue
            if not change and not item.apart:
                change = sides.get((job.id, values["source_change_order"])) or typed.get(
                    (job.id, match_key(values["number"]))
                )
            if not change:
                fresh.append((item, job, values))
            elif self._waits_as_sent(change, values):
                item.bind(change)  # whoever has to decide is asked already
            elif change.state == "draft":
                if not self._is_locked(item, job, values["kind"]):
                    drafts.append(self._completed(change, item, values))
            elif self._same(change, values):
                item.bind(change)
            else:
                self._park_other(item, change, values)
        return fresh, drafts

    def _newer(self, items):
        """Ids of items that say more than what was applied last to their record."""
        versions = {
            binding.external_id: ordering.Version(binding.version or None, binding.version_time)
            for binding in self._bindings_of(items, items[0].object)
        }
        return {
            item.id
            for item in items
            if item.external_id in versions
            and ordering.compare(
                ordering.Version(item.sequence, item.time), versions[item.external_id]
            )
            > 0
        }

    def _voided_before(self, items):
        """Ids of items whose record was voided by an event that is not older than they are."""
        if not items:
            return set()
        dead = self._bindings_of(items, items[0].object, ("tombstone", "=", True))
        newer = self._newer(items)
        gone = set(dead.mapped("external_id"))
        return {item.id for item in items if item.external_id in gone and item.id not in newer}

    def _sides(self, asked):
        """{(job id, change order): its living budget side}"""
        named = {values["source_change_order"]: item for item, _job, values in asked}
        named.pop(False, None)
        if not named:
            return {}
        jobs = [job.id for _item, job, _values in asked]
        found = self.env[MODEL].search(
            [
                ("job_id", "in", jobs),
                ("state", "!=", "void"),
                ("source_change_order", "in", list(named)),
            ]
        )
        sides = {(change.job_id.id, change.source_change_order): change for change in found}
        bindings = self._bindings(
            "change_order",
            ("platform_id", "=", asked[0][0].platform_id),
            ("external_id", "in", list(named)),
            ("res_id", "!=", False),
        )
        documents = {(b.res_model, b.res_id): b.external_id for b in bindings}
        brought = self.env[MODEL].search(
            [
                ("job_id", "in", jobs),
                ("state", "!=", "void"),
                ("source_id", "in", [res_id for _model, res_id in documents]),
            ]
        )
        for change in brought:
            external_id = documents.get((change.source_model, change.source_id))
            if external_id:
                sides[change.job_id.id, external_id] = change
        return sides

    def _typed(self, asked):
        """{(job id, number key): change} of what no platform reported."""
        found = self.env[MODEL].search(
            [
                ("job_id", "in", [job.id for _item, job, _values in asked]),
                ("platform_ref", "=", False),
                ("voids_id", "=", False),
                ("state", "!=", "void"),
            ],
            order="id desc",
        )
        bound = self._bound("budget_change", MODEL, found.ids)
        return {
            (change.job_id.id, match_key(change.number)): change
            for change in found
            if change.id not in bound
        }

    def _completed(self, change, item, values):
        """A draft with what the event says; it was typed, waits here or was returned."""
        change._at_the_gate()._release_withdraw()
        change._at_the_gate().release_state = False
        change.line_ids.sudo().unlink()  # else no event deletes a line of a change
        change._by_approval().write(
            {name: value for name, value in values.items() if name != "number"}
        )
        return change, item

    def _waits_as_sent(self, change, values):
        return (
            change.from_platform
            and change.release_state == "to_release"
            and self._same(change, values)
        )

    def _same(self, change, values):
        return (
            change.kind == values["kind"]
            and change._moves() == change._by_approval().new(values)._moves()
        )

    def _park_other(self, item, change, values):
        ours, theirs = change._moves(), change._by_approval().new(values)._moves()
        differences = [
            self._difference(change, key, ours.get(key, 0), theirs.get(key, 0))
            for key in sorted(ours.keys() | theirs.keys(), key=str)
            if ours.get(key, 0) != theirs.get(key, 0)
        ]
        item.park(
            "duplicate",
            self.env._(
                "%(change)s stands in Odoo already and moves other amounts: %(differences)s.",
                change=change.display_name,
                differences="; ".join(differences) or self.env._("another kind"),
            ),
            wait=f"external:budget_change|{item.external_id}",
            suggestion=self.env._("Void it where it was made and send it again, or choose it."),
            candidates=self._candidates([change], [differences]),
        )

    def _difference(self, change, key, here, there):
        code, cost_type, reserve = key
        return self.env._(
            "%(code)s %(type)s%(reserve)s: %(ours)s here, %(theirs)s there",
            code=self.env["construction.cost.code"].browse(code).code,
            type=self.env["construction.cost.type"].browse(cost_type).code,
            reserve=f" {reserve}" if reserve else "",
            ours=formatLang(self.env, float(here), currency_obj=change.currency_id),
            theirs=formatLang(self.env, float(there), currency_obj=change.currency_id),
        )

    def _is_locked(self, item, job, kind):
        """Whether the job's budget takes no change of this kind now; parks the item."""
        refusal = job._budget_lock_refusal(kind)
        if refusal:
            self._park_refused(item, (f"budget_open|{job.id}", refusal))
        return bool(refusal)

    def _park_refused(self, item, refusal):
        """:param refusal: (what it waits for, sentence)"""
        wait, sentence = refusal
        category = "inactive_target" if wait.startswith("job_open") else "budget"
        item.park(category, sentence, wait=wait)
