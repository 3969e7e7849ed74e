from datetime import date

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money
from ..lib.batch import Problem, Refused
from ..models.construction_resolver import coding_of, ref_keys, wait_key


class AccrualProposed(models.AbstractModel):
    """accrual.proposed → a draft accrual that waits for its release.

    A newer version replaces what is not released; where it is, a new draft takes its place,
    whose release takes the old one back first. The same version again changes nothing. What
    was undone is proposed anew by a newer version, whatever it says.
    """

    _name = "construction.handler.accrual.proposed"
    _inherit = "construction.handler.domain"
    _description = "accrual.proposed"

    _event_type = "construction.accrual.proposed.v1"
    _order_in_batch = 85

    def _apply(self, items):
        known = self._standing(self._split_new(items, "construction.accrual"))
        ready = self._of_one_job(items)
        self._check_days(ready)
        ready = [pair for pair in ready if not pair[0].blocked]
        entries = [(item, job, line) for item, job in ready for line in item.data["lines"]]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        orders, rows = self._orders(entries), []
        for item, job in ready:
            values = self._values(item, job, codes, types, orders)
            if item.blocked:
                continue
            before = known.get(item.id)
            if before and self._says(before) == self._asked(values):
                item.bind(before)  # it says what it said: it stays where it is
            else:
                rows.append((item, values, before))
        self._save(rows)

    def _standing(self, known):
        """Those that a newer version meets: nothing is left of one that was undone."""
        return {
            item_id: accrual
            for item_id, accrual in known.items()
            if accrual.state in ("draft", "posted")
        }

    def _check_days(self, ready):
        """It is booked on the last day of its month and taken back on the next."""
        dated = []
        for item, job in ready:
            first = date.fromisoformat(f"{item.data['month']}-01")
            back = first + relativedelta(months=1)
            if item.data["reverses_on"] != str(back):
                item.park(
                    "schema",
                    self.env._(
                        "An accrual of %(month)s is taken back on %(day)s, the event says "
                        "%(other)s.",
                        month=item.data["month"],
                        day=back,
                        other=item.data["reverses_on"],
                    ),
                    suggestion=self.env._("The platform has to send a corrected version."),
                )
                continue
            last = str(back - relativedelta(days=1))
            dated += [(item, job.company_id, last), (item, job.company_id, str(back))]
        self._park_locked(dated)

    def _save(self, rows):
        """Drafts are replaced in place; what is released gets a successor."""
        Accrual = self.env["construction.accrual"]._at_the_gate()
        made = []
        for item, values, before in rows:
            if before and before.state == "draft":
                accrual = before._at_the_gate()
                accrual._release_withdraw()
                accrual.write({"release_state": False})
                accrual.line_ids.unlink()
                accrual.write(values)
                made.append((accrual, item))
        fresh = [row for row in rows if not (row[2] and row[2].state == "draft")]
        accruals = Accrual.create(
            [
                values | {"from_platform": True, "replaces_id": before.id if before else False}
                for _item, values, before in fresh
            ]
        )
        made += [(accrual, row[0]) for accrual, row in zip(accruals, fresh, strict=True)]
        if made:
            self._submit([(record.with_env(self.env), item) for record, item in made])

    def _submit(self, made):
        self.env["construction.approval"]._from_platform(made)
        accruals = self.env["construction.accrual"].union(*(record for record, _item in made))
        try:
            waiting = accruals._release_submit()
        except UserError as error:
            if len(made) > 1:
                raise  # the batch is halved until the one stands alone
            raise Refused(Problem("matching", str(error))) from error
        for record, item in made:
            item.bind(record)
            if record in waiting:
                self._notice_waiting(item, record)

    # ---------------------------------------------------------------- orders
    def _orders(self, entries):
        """{(item id, key): order} of the commitments that lines name; parks what names one
        that is not known yet."""
        named = [(i, ref_keys(line["commitment"])) for i, _j, line in entries
                 if line.get("commitment")]  # fmt: skip
        if not named:
            return {}
        platform = self.env["construction.platform"].sudo().browse(named[0][0].platform_id)
        found = self.env["construction.resolver"]._records(
            platform.id,
            "commitment",
            {key for _item, keys in named for key in keys},
            platform.company_ids.ids,
        )
        ids = {res_id for model, res_id in found.values() if model == "purchase.order" and res_id}
        existing = {order.id: order for order in self.env["purchase.order"].browse(ids).exists()}
        orders = {}
        for item, keys in named:
            hit = next((found[key][1] for key in keys if found.get(key, ("", 0))[1] in existing), 0)
            if hit:
                orders[item.id, keys[-1]] = existing[hit]
                continue
            item.park(
                "unmapped_reference",
                self.env._("Commitment “%s” is not known in Odoo yet.", keys[-1][1]),
                wait=wait_key("commitment", keys[-1]),
                suggestion=self.env._(
                    "It resumes by itself when the platform sends it; or map it by hand."
                ),
            )
        return orders

    def _order_line(self, item, path, line, order, code, cost_type):
        """The line of the commitment that is accrued on, or None after parking the item."""
        if order.state != "purchase":
            item.park(
                "approval",
                self.env._("%s is not approved yet.", order.display_name),
                wait=f"approved|{order.id}",
            )
            return None
        wanted = line.get("commitment_line_id")
        lines = order.order_line.filtered(
            lambda one: (
                one.line_ref == wanted
                if wanted
                else (one.cost_code_id, one.cost_type_id) == (code, cost_type)
            )
        )
        if len(lines) != 1:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(path)s: %(order)s has no line “%(line)s”.",
                    path=path,
                    order=order.display_name,
                    line=wanted or f"{code.code} {cost_type.code}",
                ),
                wait=wait_key("commitment", ref_keys(line["commitment"])[-1]),
                suggestion=self.env._(
                    "It goes on when the platform sends the commitment with that line."
                ),
            )
            return None
        if (lines.cost_code_id, lines.cost_type_id) != (code, cost_type):
            item.park(
                "matching",
                self.env._(
                    "%(path)s is coded %(code)s %(type)s, the line of %(order)s otherwise.",
                    path=path,
                    code=code.code,
                    type=cost_type.code,
                    order=order.display_name,
                ),
                suggestion=self.env._("The platform has to send a corrected version."),
            )
            return None
        return lines

    # ---------------------------------------------------------------- values
    def _values(self, item, job, codes, types, orders):
        digits, lines = job.company_id.currency_id.decimal_places, []
        for position, line in enumerate(item.data["lines"], start=1):
            values = self._line(item, f"lines[{position}]", line, codes, types, orders, digits)
            if values and values["purchase_line_id"]:
                order = orders[item.id, ref_keys(line["commitment"])[-1]]
                if order.project_id != job:
                    item.park(
                        "matching",
                        self.env._(
                            "%(order)s belongs to another job than %(job)s.",
                            order=order.display_name,
                            job=job.display_name,
                        ),
                    )
            if values:
                lines.append(values | {"job_id": job.id})
        refs = [line["line_ref"] for line in lines]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
            item.park("schema", self.env._("Line id “%s” occurs twice.", ref))
        return {
            "company_id": job.company_id.id,
            "month": f"{item.data['month']}-01",
            "kind": item.data["kind"],
            "reason": item.data.get("note") or item.external_id,
            "line_ids": [fields.Command.create(line) for line in lines],
        }

    def _line(self, item, path, line, codes, types, orders, digits):
        """Values of a line, or None after parking the item."""
        amount = self._number(item, money.parse_amount, line["amount"], f"{path}.amount", digits)
        code = codes.get((item.id, coding_of(line["cost_code"])))
        cost_type = types.get((item.id, coding_of(line["cost_type"])))
        if amount is not None and amount <= 0:
            item.park("amount", self.env._("%s: an accrual is a cost above 0.", path))
        if amount is None or not code or not cost_type or item.blocked:
            return None
        ordered = None
        if line.get("commitment"):
            order = orders[item.id, ref_keys(line["commitment"])[-1]]
            ordered = self._order_line(item, path, line, order, code, cost_type)
            if not ordered:
                return None
        return {
            "line_ref": line["line_id"],
            "purchase_line_id": ordered.id if ordered else False,
            "cost_code_id": code.id,
            "cost_type_id": cost_type.id,
            "amount": money.to_float(amount, digits),
        }

    def _asked(self, values):
        """What of an accrual an event decides, comparable with `_says`."""
        lines = sorted(
            (line["line_ref"], line["purchase_line_id"], line["cost_code_id"],
             line["cost_type_id"], line["amount"])
            for _command, _id, line in values["line_ids"]
        )  # fmt: skip
        return values["month"], values["kind"], values["reason"], lines

    def _says(self, accrual):
        lines = sorted(
            (line.line_ref or "", line.purchase_line_id.id, line.cost_code_id.id,
             line.cost_type_id.id, line.amount)
            for line in accrual.line_ids
        )  # fmt: skip
        return str(accrual.month), accrual.kind, accrual.reason, lines
