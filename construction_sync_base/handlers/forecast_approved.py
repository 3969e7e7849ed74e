from odoo import fields, models

from ..lib import forecast as formulas
from ..lib import money
from ..models.construction_forecast import DOOR
from ..models.construction_resolver import coding_of


class ForecastApproved(models.AbstractModel):
    """forecast.approved → the signed forecast of a job's month; the one before is superseded.

    A line's estimate is the whole cost to complete from the cost at the end of `as_of` on,
    open commitments inside, since that is what the word means at every platform. So a
    forecast that comes late or again says the same.
    """

    _name = "construction.handler.forecast.approved"
    _inherit = "construction.handler.domain"
    _description = "forecast.approved"

    _event_type = "construction.forecast.approved.v1"
    _order_in_batch = 90

    def _apply(self, items):
        ready = self._of_one_job(items)
        entries = [(item, job, line) for item, job in ready for line in item.data["lines"]]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        rows, known = [], self._split_new(items, "construction.forecast")
        for item, job in ready:
            values = self._values(item, job, codes, types)
            if item.blocked:
                continue
            if known.get(item.id) and self._says(known[item.id]) == self._asked(values):
                item.bind(known[item.id])  # replayed: what was signed stays
            else:
                rows.append((item, values))
        Forecast = self.env["construction.forecast"].with_context(construction_forecast=DOOR)
        self._make_room(rows)
        made = Forecast.create([values for _item, values in rows])
        made.action_take_figures()
        for (item, _values), forecast in zip(rows, made, strict=True):
            forecast._sign({"signed_name": self._signer(item)})
            item.bind(forecast)

    def _asked(self, values):
        """What of a forecast an event decides, comparable with `_says`."""
        lines = sorted(
            (line["cost_code_id"], line["cost_type_id"], line["amount"], line["units"],
             line["comment"])
            for _command, _id, line in values["line_ids"]
        )  # fmt: skip
        head = (values[name] for name in ("job_id", "month", "comment", "revenue_at_completion"))
        return *head, values["completion_on"], lines

    def _says(self, forecast):
        if forecast.state != "signed":
            return None
        lines = sorted(
            (line.cost_code_id.id, line.cost_type_id.id, line.amount, line.units, line.comment)
            for line in forecast.line_ids
            if line.method == formulas.ESTIMATE
        )
        return (
            forecast.job_id.id, str(forecast.month), forecast.comment,
            forecast.revenue_at_completion, str(forecast.completion_on or "") or False, lines,
        )  # fmt: skip

    def _make_room(self, rows):
        """A draft that somebody is typing for the same month stays beside what arrived; two
        events of one batch for one month do not meet: the newer supersedes the older."""
        seen = set()
        for item, values in rows:
            key = (values["job_id"], values["month"])
            if key in seen:
                item.park(
                    "duplicate",
                    self.env._("Two forecasts of one month came together."),
                    suggestion=self.env._("Discard the one that does not hold."),
                )
            seen.add(key)
        rows[:] = [(item, values) for item, values in rows if not item.blocked]

    def _signer(self, item):
        person = item.data["approved_by"]
        return person if isinstance(person, str) else person["name"]

    def _values(self, item, job, codes, types):
        digits = job.company_id.currency_id.decimal_places
        lines, seen = [], set()
        for position, line in enumerate(item.data["lines"], start=1):
            path = f"lines[{position}]"
            amount = self._number(
                item, money.parse_amount, line["estimate_to_complete"],
                f"{path}.estimate_to_complete", digits, signed=True,
            )  # fmt: skip
            units = self._number(
                item, money.parse_quantity, line.get("quantity_to_complete") or "0",
                f"{path}.quantity_to_complete",
            )  # fmt: skip
            code = codes.get((item.id, coding_of(line["cost_code"])))
            kind = types.get((item.id, coding_of(line["cost_type"])))
            if None in (amount, units, code, kind):
                continue
            if (code.id, kind.id) in seen:
                item.park(
                    "amount",
                    self.env._(
                        "%(path)s: %(code)s / %(type)s stands there twice.",
                        path=path,
                        code=code.display_name,
                        type=kind.display_name,
                    ),
                )
                continue
            seen.add((code.id, kind.id))
            lines.append({
                "cost_code_id": code.id, "cost_type_id": kind.id, "method": formulas.ESTIMATE,
                "amount": money.to_float(amount, digits),
                "units": money.to_float(units, money.QUANTITY_DECIMALS),
                "comment": line.get("note") or False,
            })  # fmt: skip
        revenue = item.data.get("revenue_at_completion")
        if revenue is not None:
            revenue = self._number(
                item, money.parse_amount, revenue, "revenue_at_completion", digits
            )
        return {
            "job_id": job.id,
            "month": f"{item.data['month']}-01",
            "source": "platform",
            "state": "draft",
            "cost_until": item.data["as_of"],
            "comment": item.data.get("note") or False,
            "revenue_at_completion": money.to_float(revenue, digits) if revenue else 0,
            "completion_on": item.data.get("completion_on") or False,
            "line_ids": [fields.Command.create(line) for line in lines],
        }
