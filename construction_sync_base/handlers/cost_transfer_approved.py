from odoo import fields, models

from ..lib import money
from ..models.construction_resolver import coding_of, ref_keys, wait_key

SIDES = ("from", "to")


class CostTransferApproved(models.AbstractModel):
    """cost_transfer.approved → a cost transfer that waits for its release here; the same
    object that the dialog makes. A movement: it counts once."""

    _name = "construction.handler.cost_transfer.approved"
    _inherit = "construction.handler.domain"
    _description = "cost_transfer.approved"

    _event_type = "construction.cost_transfer.approved.v1"
    _replaces = False
    _order_in_batch = 70

    def _apply(self, items):
        self._refuse_second(items)
        entries = [
            (item, position, side)
            for item in items
            if not item.blocked
            for position, _line in enumerate(item.data["lines"])
            for side in SIDES
        ]
        if not entries:
            return
        jobs = self._jobs_of(entries)
        ready, currencies = [], self._currencies(items)
        for item in items:
            company = None if item.blocked else self._company(item, jobs)
            if company and self._currency(item, currencies, company.currency_id):
                ready.append((item, company))
        self._park_locked([(item, company, item.data["date"]) for item, company in ready])
        ready = [pair for pair in ready if not pair[0].blocked]
        entries = [entry for entry in entries if not entry[0].blocked]
        codes = self._codes_of(entries, jobs, "cost_code", self._cost_codes)
        types = self._codes_of(entries, jobs, "cost_type", self._cost_types)
        rows = []
        for item, company in ready:
            lines = self._lines(item, company, jobs, codes, types)
            if not item.blocked:
                rows.append((item, self._header(item, company, lines)))
        self._make(rows)

    def _refuse_second(self, items):
        """What came once moved its cost; a second event of that id would move it again."""
        known = self._split_new(items, "construction.cost.transfer")
        for item in items:
            if item.id in known and not item.blocked:
                item.park(
                    "duplicate",
                    self.env._(
                        "%(transfer)s moved this already; a correction is a transfer of its own.",
                        transfer=known[item.id].display_name,
                    ),
                )

    def _make(self, rows):
        transfers = self.env["construction.cost.transfer"].create([values for _i, values in rows])
        made = list(zip(transfers, (item for item, _values in rows), strict=True))
        self.env["construction.approval"]._from_platform(made)
        transfers._at_the_gate().from_platform = True
        waiting = transfers._release_submit()
        for record, item in made:
            item.bind(record)
            if record in waiting:
                self._notice_waiting(item, record)

    # -------------------------------------------------------------- references
    def _jobs_of(self, entries):
        """{(item id, position, side): job}; parks items whose job is not known yet."""
        platform = self.env["construction.platform"].sudo().browse(entries[0][0].platform_id)
        keys = {(i.id, p, s): ref_keys(self._job_reference(i, p, s)) for i, p, s in entries}
        found = self.env["construction.resolver"]._records(
            platform.id,
            "job",
            {key for group in keys.values() for key in group},
            platform.company_ids.ids,
        )
        ids = {res_id for model, res_id in found.values() if model == "project.project" and res_id}
        existing = {job.id: job for job in self.env["project.project"].browse(ids).exists()}
        jobs = {}
        for item, position, side in entries:
            group = keys[item.id, position, side]
            job = next(
                (
                    existing[found[key][1]]
                    for key in group
                    if found.get(key, ("", 0))[1] in existing
                ),
                None,
            )
            if job:
                jobs[item.id, position, side] = job
            else:
                item.park(
                    "unmapped_reference",
                    self.env._("Job “%s” is not known in Odoo yet.", group[-1][1]),
                    wait=wait_key("job", group[-1]),
                    suggestion=self.env._(
                        "It resumes by itself when the platform sends it; or map it by hand."
                    ),
                )
        return jobs

    def _job_reference(self, item, position, side):
        coding = item.data["lines"][position][side]
        return coding.get("sub_job") or coding["job"]

    def _company(self, item, jobs):
        """The one company of the item's jobs, or None after parking it."""
        ours = [job for (item_id, _p, _s), job in jobs.items() if item_id == item.id]
        companies = self.env["res.company"].union(*(job.company_id for job in ours))
        if len(companies) != 1:
            item.park(
                "ownership_conflict",
                self.env._(
                    "It moves cost between %s: one company's cost on another's job is a matter "
                    "between the companies, not a transfer.",
                    ", ".join(companies.mapped("name")),
                ),
            )
            return None
        item.company_id = companies.id
        return companies

    def _codes_of(self, entries, jobs, name, look_up):
        """{(item id, position, side): record}. Codes depend on the job, and one item may name
        several: each round looks at one job per item and code text."""
        rounds = []
        for item, position, side in entries:
            entry = (item, position, side)
            job = jobs[item.id, position, side]
            text = coding_of(item.data["lines"][position][side][name])
            for taken in rounds:
                if taken.setdefault((item.id, text), (job, []))[0] == job:
                    break
            else:
                taken = {(item.id, text): (job, [])}
                rounds.append(taken)
            taken[item.id, text][1].append((entry, text))
        result = {}
        for taken in rounds:
            asked = [
                (item, job, text)
                for job, group in taken.values()
                for (item, _position, _side), text in group
            ]
            found = look_up(asked)
            for _job, group in taken.values():
                for (item, position, side), text in group:
                    if (item.id, text) in found:
                        result[item.id, position, side] = found[item.id, text]
        return result

    # ------------------------------------------------------------------ values
    def _header(self, item, company, lines):
        return {
            "number": item.data["number"],
            "company_id": company.id,
            "date": item.data["date"],
            "reason": item.data["reason"],
            "line_ids": [fields.Command.create(line) for line in lines],
        }

    def _lines(self, item, company, jobs, codes, types):
        digits, values = company.currency_id.decimal_places, []
        for position, line in enumerate(item.data["lines"]):
            path = f"lines[{position + 1}]"
            amount = self._number(
                item, money.parse_amount, line["amount"], f"{path}.amount", digits
            )
            quantity = self._number(
                item, money.parse_quantity, line.get("quantity") or 0, f"{path}.quantity"
            )
            coding = {}
            for side in SIDES:
                place = (item.id, position, side)
                if place in codes and place in types:
                    coding[side] = (jobs[place], codes[place], types[place])
            if amount is None or quantity is None or len(coding) < 2:
                continue
            if amount and coding["from"] == coding["to"] and self._other_phase(line):
                self._park_phase(item, path)
                continue
            if not amount or coding["from"] == coding["to"]:
                item.park(
                    "amount",
                    self.env._(
                        "%s moves nothing: no amount, or the same job, cost code and cost type.",
                        path,
                    ),
                )
                continue
            values.append(
                {
                    "line_ref": line["line_id"],
                    "source_document": line.get("source_document") or False,
                    "account_id": self._account(item, company, *coding["from"]),
                    "amount": money.to_float(amount, digits),
                    "quantity": money.to_float(quantity, money.QUANTITY_DECIMALS),
                    **{
                        f"{side}_{name}": record.id
                        for side, records in coding.items()
                        for name, record in zip(
                            ("job_id", "cost_code_id", "cost_type_id"), records, strict=True
                        )
                    },
                }
            )
        refs = [line["line_ref"] for line in values]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
            item.park("schema", self.env._("Line id “%s” occurs twice.", ref))
        return values

    def _other_phase(self, line):
        old, new = (line[side].get("phase") for side in SIDES)
        return (old and ref_keys(old)) != (new and ref_keys(new))

    def _park_phase(self, item, path):
        """Order and budget lines name a phase; the ledger, and every figure read from it, is
        kept by job, cost code and cost type. An entry with one coding on both sides would say
        that something moved which nobody can find."""
        item.park(
            "amount",
            self.env._(
                "%s changes the phase alone. Cost is kept by job, cost code and cost type: there "
                "is no cost of a phase in the ledger that could be moved.",
                path,
            ),
            suggestion=self.env._(
                "Where phases are kept apart by cost code or sub job, the platform sends those; "
                "else discard the event, no figure changes by it."
            ),
        )

    def _account(self, item, company, job, _code, cost_type):
        """The account that the cost was booked on, by the map, since platforms know none."""
        account = self.env["construction.account.map"]._cost_account_id(
            company, cost_type.category, job
        )
        if not account:
            item.park(
                "unmapped_reference",
                self.env._(
                    "The account map of %(company)s has no account for %(category)s.",
                    company=company.name,
                    category=cost_type.category,
                ),
                wait=f"account_map|{company.id}|{cost_type.category}",
                suggestion=self.env._("Finance adds the row to the account map."),
            )
        return account
