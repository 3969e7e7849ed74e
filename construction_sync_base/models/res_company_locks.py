from odoo import fields, models

from odoo.addons.account.models.company import LOCK_DATE_FIELDS


class ResCompanyLocks(models.Model):
    """Who changed a lock date, and when: kept whatever changes it."""

    _inherit = "res.company"

    def write(self, vals):
        names = [name for name in LOCK_DATE_FIELDS if name in vals]
        before = {(company, name): company[name] for company in self for name in names}
        result = super().write(vals)
        changed = [
            (company, name, day) for (company, name), day in before.items() if company[name] != day
        ]
        if changed:
            self._keep_lock_changes(changed)
        return result

    def _keep_lock_changes(self, changed):
        """:param changed: list of (company, name of the field, date before)"""
        reason = self.env.context.get("construction_lock_reason") or False
        self.env["construction.lock.change"].sudo().create(
            [
                {
                    "company_id": company.id,
                    "kind": name,
                    "before": day,
                    "after": company[name],
                    "reason": reason,
                    "changed_by_id": self.env.uid,
                    "changed_at": fields.Datetime.now(),
                }
                for company, name, day in changed
            ]
        )
        for company, name, day in changed:
            self.env["construction.audit"].sudo()._record(
                company,
                "lock_date_set",
                {"lock": name, "from": str(day or ""), "to": str(company[name] or "")}
                | ({"reason": reason} if reason else {}),
            )
