from odoo import models
from odoo.tools import format_date


class DomainHandler(models.AbstractModel):
    """What would be booked into a month whose job cost is locked waits for the month."""

    _inherit = "construction.handler.domain"

    def _park_locked(self, dated):
        """Park what falls into a locked month. It resumes by itself when the month is
        reopened; its date is never moved.

        :param dated: list of (item, company, date as the contract writes it)
        """
        period = self.env["construction.period"]
        locked = set()
        for company in {company for _item, company, _day in dated}:
            days = {day for _item, other, day in dated if other == company}
            locked |= {(company, day) for day in period._locked(company, days)}
        for item, company, day in dated:
            if (company, day) in locked:
                item.park(
                    "period_locked",
                    self.env._(
                        "The job cost of %(month)s is locked in %(company)s.",
                        month=format_date(self.env, day, date_format="MMMM yyyy"),
                        company=company.name,
                    ),
                    wait=f"period|{period._wait_value(company, day)}",
                    suggestion=self.env._(
                        "It goes on by itself when Finance reopens the month; or the platform "
                        "sends it with a date in an open month."
                    ),
                )
