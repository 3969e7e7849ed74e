from odoo import models


class DomainHandler(models.AbstractModel):
    """Events that undo what others were made on: they wait for the correction that Finance
    releases, and go on by themselves afterwards."""

    _inherit = "construction.handler.domain"

    def _corrected(self, item, origin, kind="void", roots=None, reason=None):
        """Whether `origin` is undone now; parks the item until its correction is released.

        :param roots: as in `construction.correction._propose`
        """
        reason = reason or item.data.get("reason") or self.env._("Voided at the platform.")
        correction = self.env["construction.correction"]._propose(
            origin, kind, reason, item.data.get("date"), roots
        )
        correction = correction.sudo()
        if correction.state == "done":
            return True
        item.park(
            "matching",
            self.env._(
                "%(document)s was posted, received or billed. %(correction)s undoes it in "
                "%(count)s steps, and waits for its release.",
                document=origin.sudo().display_name,
                correction=correction.number,
                count=len(correction.line_ids),
            ),
            wait=f"corrected|{correction.id}",
            amount=correction.amount_total,
            currency_id=correction.currency_id.id,
            suggestion=self.env._("Finance looks at what is undone, and releases it."),
        )
        return False
