from odoo import models
from odoo.tools import SQL

from ..lib.names import match_key
from ..models.construction_resolver import ref_keys, wait_key


class JobUpserted(models.AbstractModel):
    """job.upserted → project with `is_job` and its own analytic account."""

    _name = "construction.handler.job.upserted"
    _inherit = "construction.handler.domain"
    _description = "job.upserted"

    _event_type = "construction.job.upserted.v1"
    _order_in_batch = 10

    def _apply(self, items):
        known, owned = self._owned(items, "project.project")
        new = [row for row in owned if row[0].id not in known]
        adopted = self._adopt_typed(new)
        updates = [(item, known[item.id], co) for item, co in owned if item.id in known] + adopted
        settled = {item.id for item, _job, _company in adopted}
        new = [row for row in new if row[0].id not in settled and not row[0].blocked]
        fresh = self._create_jobs(new)  # first: it may hold the parents of the others
        for item, job, company in updates:
            self._update(item, job, company, fresh)

    # ------------------------------------------------------- typed by hand
    def _adopt_typed(self, new):
        """Jobs that somebody typed while the platform was down: [(item, job, company)].

        It is the one meant when company, number and name are the same (whatever their
        case, blanks and punctuation), it is neither archived nor closed and no job of this
        platform is bound to it. A number that is taken otherwise is a question: two jobs
        of one number cannot stand side by side.
        """
        if not new:
            return []
        found = self._of_numbers(new)
        ids = {job.id for jobs in found.values() for job in jobs}
        bound = self._bound("job", "project.project", ids, new[0][0].platform_id)
        adopted, taken = [], set()
        for item, company in new:
            jobs = found.get((company.id, _number_key(item.data["number"])), ())
            free = [job for job in jobs if job.id not in bound and job.id not in taken]
            if not free:
                continue  # a bound one of the very same number is refused by `_create_jobs`
            differences = [self._typed_differences(item, job) for job in free]
            if len(free) == 1 and not differences[0]:
                taken.add(free[0].id)
                adopted.append((item, free[0], company))
                self._audit_adopted(item, free[0], "company, number and name")
            else:
                self._park_taken(item, ", ".join(job.display_name for job in free))
                item.problems[-1].may_be_new = False
                item.problems[-1].candidates = self._candidates(free, differences)
        return adopted

    def _of_numbers(self, new):
        """{(company id, number key): jobs} of the numbers named, archived jobs included."""
        Project = self.env["project.project"]
        Project.flush_model(["job_number", "company_id", "is_job"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM project_project WHERE is_job AND company_id = ANY(%s)"
                " AND lower(btrim(job_number)) = ANY(%s) ORDER BY id",
                list({company.id for _item, company in new}),
                list({_number_key(item.data["number"]) for item, _company in new}),
            )
        )
        found = {}
        jobs = Project.with_context(active_test=False).search([("id", "in", [r[0] for r in rows])])
        for job in jobs.with_env(self.env):
            found.setdefault((job.company_id.id, _number_key(job.job_number)), []).append(job)
        return found

    def _typed_differences(self, item, job):
        """What speaks against this job being the one meant, as sentences."""
        found = []
        if match_key(job.name) != match_key(item.data["name"]):
            found.append(
                self.env._(
                    "it is named “%(ours)s”, not “%(theirs)s”",
                    ours=job.name,
                    theirs=item.data["name"],
                )
            )
        if not job.active:
            found.append(self.env._("it is archived"))
        if job.job_status == "closed":
            found.append(self.env._("it is closed"))
        return found

    def _values(self, item, job=None):
        data = item.data
        values = {"name": data["name"], "job_status": data["status"]}
        plain = {
            "contract_type": "contract_type",
            "time_zone": "time_zone",
            "start_date": "date_start",
            "end_date": "date",
            "substantial_completion_on": "substantial_completion_on",
        }
        for name, field in plain.items():
            if name in data:
                values[field] = data[name] or False
        if "manager_email" in data or "project_manager" in data:
            manager = data.get("project_manager") or {}
            values["job_email"] = data.get("manager_email") or manager.get("email") or False
        if "address" in data:
            address = data["address"] or {}
            parts = (address.get(part) for part in ("street", "zip", "state"))
            values["job_address"] = ", ".join(part for part in parts if part) or False
            values["job_city"] = address.get("city") or False
        if data["status"] in ("completed", "closed") and data.get("final_completion_on"):
            values["completed_on"] = data["final_completion_on"]
        if {"date", "date_start"} & set(values):  # Odoo keeps both or none
            for name in ("date", "date_start"):
                values.setdefault(name, job[name] if job else False)
            if not (values["date"] and values["date_start"]):
                values |= {"date": False, "date_start": False}
        return values

    def _update(self, item, job, company, fresh):
        if company != job.company_id:
            item.park(
                "ownership_conflict",
                self.env._(
                    "Job %(job)s belongs to %(owner)s and cannot move to %(company)s.",
                    job=job.display_name,
                    owner=job.company_id.name,
                    company=company.name,
                ),
            )
            return
        policy = self.env["construction.sync.policy"]._get("job", company.id, item.platform_id)
        values = self._values(item, job)
        if item.data["number"] != job.job_number:
            values["job_number"] = item.data["number"]
            if self._taken(item, company, job):
                return
        parent = self._parent(item, company, fresh)
        if item.blocked:
            return
        if "parent" in item.data:
            values["parent_job_id"] = parent.id if parent else False
        values = self._changed(job, policy._filter_update(values))
        if values:
            job.write(values)
        item.bind(job)

    def _taken(self, item, company, job):
        twin = self.env["project.project"].search(
            [
                ("is_job", "=", True),
                ("company_id", "=", company.id),
                ("job_number", "=", item.data["number"]),
                ("id", "!=", job.id),
            ],
            limit=1,
        )
        if twin:
            self._park_taken(item, twin.display_name)
        return bool(twin)

    def _park_taken(self, item, twin):
        item.park(
            "duplicate",
            self.env._(
                "Job number %(number)s belongs to %(job)s already.",
                number=item.data["number"],
                job=twin,
            ),
            wait=f"external:job|{item.external_id}",
            suggestion=self.env._("Bind the platform's job to it, or change one number."),
        )

    def _parent(self, item, company, fresh):
        """The parent job: of this batch, else a bound one; parks the item otherwise."""
        keys = ref_keys(item.data.get("parent"))
        if not keys:
            return None
        key = keys[-1]
        parent = fresh.get(key[1]) if key[0] == "external" else None
        if not parent:
            found = self.env["construction.resolver"]._records(
                item.platform_id, "job", keys, [item.company_id]
            )
            res_id = next((found[key][1] for key in keys if key in found), None)
            parent = self.env["project.project"].browse(res_id or 0).exists()
        if not parent:
            item.park(
                "unmapped_reference",
                self.env._("Parent job “%s” is not known in Odoo yet.", key[1]),
                wait=wait_key("job", key),
            )
        elif parent.company_id != company:
            item.park(
                "ownership_conflict",
                self.env._(
                    "Parent job %(parent)s belongs to %(owner)s, the sub job to %(company)s.",
                    parent=parent.display_name,
                    owner=parent.company_id.name,
                    company=company.name,
                ),
            )
        return parent

    def _create_jobs(self, new):
        if not new:
            return {}
        numbers = {}
        Project = self.env["project.project"]
        for twin in Project.with_context(active_test=False).search(
            [
                ("is_job", "=", True),
                ("job_number", "in", [item.data["number"] for item, _c in new]),
                ("company_id", "in", [company.id for _i, company in new]),
            ]
        ):
            numbers[twin.company_id.id, twin.job_number] = twin.display_name
        rows = []
        for item, company in new:
            twin = numbers.get((company.id, item.data["number"]))
            if twin:
                self._park_taken(item, twin)
                continue
            values = self._values(item) | {
                "is_job": True,
                "job_number": item.data["number"],
                "company_id": company.id,
                "allow_billable": False,
                "user_id": False,
            }
            if "allow_billable" not in Project._fields:
                values.pop("allow_billable")
            numbers[company.id, item.data["number"]] = item.data["name"]
            rows.append((item, values))
        fresh = {}
        self._insert([row for row in rows if not row[0].data.get("parent")], fresh)
        waiting = [row for row in rows if row[0].data.get("parent")]
        while waiting:  # one round per generation of sub jobs
            ids = {item.external_id for item, _v in waiting}
            ready = [
                row for row in waiting if ref_keys(row[0].data["parent"])[-1][1] not in ids
            ] or waiting
            for item, values in ready:
                company = self.env["res.company"].browse(item.company_id)
                parent = self._parent(item, company, fresh)
                values["parent_job_id"] = parent.id if parent else False
            self._insert([row for row in ready if not row[0].blocked], fresh)
            waiting = [row for row in waiting if row not in ready]
        return fresh

    def _insert(self, rows, fresh):
        if not rows:
            return
        customers = self._customers([item for item, _v in rows])
        for item, values in rows:
            if item.id in customers:
                values["partner_id"] = customers[item.id].id
        jobs = self._create_bound("project.project", rows)
        for (item, _values), job in zip(rows, jobs, strict=True):
            fresh[item.external_id] = job
            if item.id in customers:
                item.bind(
                    customers[item.id],
                    external_id=item.data["customer"]["external_id"],
                    object_name="customer",
                )

    def _customers(self, items):
        """The owner's partner of new jobs, by binding, else created."""
        named = [item for item in items if (item.data.get("customer") or {}).get("external_id")]
        if not named:
            return {}
        found = self.env["construction.resolver"]._records(
            items[0].platform_id,
            "customer",
            [("external", item.data["customer"]["external_id"]) for item in named],
        )
        ids = [res_id for _model, res_id in found.values() if res_id]
        known = {partner.id: partner for partner in self.env["res.partner"].browse(ids).exists()}
        result, fresh = {}, {}
        for item in named:
            customer = item.data["customer"]
            _model, res_id = found.get(("external", customer["external_id"]), (None, None))
            if res_id in known:
                result[item.id] = known[res_id]
            else:
                fresh.setdefault(customer["external_id"], (customer, []))[1].append(item)
        if fresh:
            partners = self.env["res.partner"].create(
                [
                    {
                        "name": customer["name"],
                        "email": customer.get("email"),
                        "vat": customer.get("vat"),
                        "is_company": True,
                    }
                    for customer, _items in fresh.values()
                ]
            )
            for partner, (_customer, group) in zip(partners, fresh.values(), strict=True):
                result.update({item.id: partner for item in group})
        return result


def _number_key(number):
    return (number or "").strip().lower()
