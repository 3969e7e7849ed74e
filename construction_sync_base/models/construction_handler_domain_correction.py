from odoo import models
from odoo.exceptions import UserError

from ..lib import ordering


class DomainHandler(models.AbstractModel):
    """Events that undo what others were made on: they wait for the correction that Finance
    releases, and go on by themselves afterwards."""

    _inherit = "construction.handler.domain"

    def _corrected(self, item, origin, kind="void", roots=None, reason=None, why=None):
        """Whether `origin` is undone now; parks the item until its correction is released.

        :param roots: as in `construction.correction._propose`
        :param why: what stands in the way, for people
        """
        reason = reason or item.data.get("reason") or self.env._("Voided at the platform.")
        Correction = self.env["construction.correction"]
        try:
            with self.env.cr.savepoint():
                correction = Correction._propose(
                    origin, kind, reason, item.data.get("date"), roots
                ).sudo()
        except UserError as error:
            item.park("matching", str(error))
            return False
        if correction.state == "done":
            return True
        item.park(
            "matching",
            self.env._(
                "%(why)s %(correction)s undoes that in %(count)s steps, and waits for its release.",
                why=why
                or self.env._("%s was posted, received or billed.", origin.sudo().display_name),
                correction=correction.number,
                count=len(correction.line_ids),
            ),
            wait=f"corrected|{correction.id}",
            amount=correction.amount_total,
            currency_id=correction.currency_id.id,
            suggestion=self.env._("Finance looks at what is undone, and releases it."),
        )
        return False

    def _still_void(self, items, object_name):
        """The items whose void holds. One that is older than what was applied since, a newer
        version or a reopening, takes nothing back."""
        bindings = {
            binding.external_id: binding
            for binding in self._bindings_of(items, object_name, ("tombstone", "=", False))
        }
        holding = []
        for item in items:
            binding = bindings.get(item.external_id)
            if binding and self._age(item, binding) < 0:
                item.bind(binding._record() or None)
            else:
                holding.append(item)
        return holding

    def _age(self, item, binding):
        """1, 0 or -1 as the event is newer than what was applied, the same, or older."""
        return ordering.compare(
            ordering.Version(item.sequence, item.time),
            ordering.Version(binding.version, binding.version_time),
        )
