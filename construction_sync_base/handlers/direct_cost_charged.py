from collections import Counter

from odoo import models

from ..lib import money


class DirectCostCharged(models.AbstractModel):
    """A direct cost that another company paid than that of the job: it recovers it, and charges
    it by an intercompany cost."""

    _inherit = "construction.handler.direct_cost.approved"

    def _direct_account_id(self, plan, category, job):
        if not plan.get("charged"):
            return super()._direct_account_id(plan, category, job)
        Intercompany = self.env["construction.intercompany"]
        return Intercompany._recovery_account_id(plan["company"], category)

    def _direct_distribution(self, plan, coding):
        """A job of another company is no coding of this one's."""
        return False if plan.get("charged") else super()._direct_distribution(plan, coding)

    def _charged_values(self, plan):
        """The job of another company is not the job of this bill."""
        if plan.get("charged") and plan["owed"]:
            return {"construction_job_id": False}
        return {}

    def _check_charge(self, plan):
        """Both companies can book it, or nothing is created in either."""
        if not plan.get("charged") or plan["item"].blocked:
            return
        coded = [(line["coding"][0], line["coding"][2]) for line in plan["lines"]]
        faults = self.env["construction.intercompany"]._faults(
            plan["company"], plan["charged"], plan["item"].data["date"], coded
        )
        for category, message, wait in faults:
            plan["item"].park(category, message, wait=wait)

    def _charge(self, plans):
        """The cost as the paying company books it, tax that is cost included, to the company of
        the job."""
        for plan in plans:
            if not plan.get("charged"):
                continue
            bill, item = plan["bill"].sudo(), plan["item"]
            rows = self._charged_rows(plan, bill)
            documents = self.env["construction.intercompany"]._propose(
                plan["company"], item.data["date"], rows, bill.ref or item.external_id, source=bill
            )
            for document in documents.filtered(lambda one: one.release_state == "to_release"):
                item.notice(
                    "approval",
                    self.env._(
                        "%(document)s charges it to %(company)s and waits for %(who)s.",
                        document=document.number,
                        company=document.job_company_id.sudo().name,
                        who=document.approval_waiting_for,
                    ),
                )

    def _charged_rows(self, plan, bill):
        digits = plan["company"].currency_id.decimal_places
        accounts = {line["values"]["account_id"] for line in plan["lines"]}
        booked = bill.line_ids.filtered(lambda line: line.account_id.id in accounts)
        total = money.from_float(sum(booked.mapped("balance")), digits)
        weights = [line["amount"] + (line.get("tax_cost") or 0) for line in plan["lines"]]
        rows = zip(plan["lines"], money.spread(total, weights, digits), strict=True)
        return [
            {
                "job": line["coding"][0],
                "cost_code": line["coding"][1],
                "cost_type": line["coding"][2],
                "quantity": line["quantity"],
                "cost": cost,
                "name": line["name"],
            }
            for line, cost in rows
        ]

    def _is_charged_alike(self, plan, move):
        """Whether each coding is charged what the new version says, on its day."""
        documents = move.intercompany_cost_ids.filtered(lambda one: one.state != "reversed")
        cost_digits = plan["company"].currency_id.decimal_places
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        found, wanted = Counter(), Counter()
        for line in documents.line_ids:
            coding = (line.job_id, line.cost_code_id, line.cost_type_id)
            found[coding, "cost"] += money.from_float(line.cost_amount, cost_digits)
            found[coding, "quantity"] += money.from_float(line.quantity, digits)
        for row in self._charged_rows(plan, move):
            coding = (row["job"], row["cost_code"], row["cost_type"])
            wanted[coding, "cost"] += row["cost"]
            wanted[coding, "quantity"] += money.from_float(float(row["quantity"] or 0), digits)
        days = {str(document.date) for document in documents}
        return found == wanted and days == {plan["item"].data["date"]}
