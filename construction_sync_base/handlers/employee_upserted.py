from odoo import fields, models

PLAIN = (
    "name", "number", "pay_group", "trade", "classification", "union", "union_local",
    "workers_comp_code", "crew", "hired_on", "left_on",
)  # fmt: skip


class EmployeeUpserted(models.AbstractModel):
    """employee.upserted → construction employee. Found by binding, then by number in the
    company; linked to the user, and to HR's employee where that app is installed, by the
    work e-mail. Certificates stay in the event."""

    _name = "construction.handler.employee.upserted"
    _inherit = "construction.handler.domain"
    _description = "employee.upserted"

    _event_type = "construction.employee.upserted.v1"
    _order_in_batch = 35

    def _apply(self, items):
        known, ready = self._owned(items, "construction.employee")
        by_number = self._by_number(ready)
        users, hr = self._users(ready), self._hr_employees(ready)
        fresh = {}
        for item, company in ready:
            key = (company.id, item.data["number"])
            values = self._values(item, company, users, hr)
            record = known.get(item.id) or by_number.get(key)
            if record:
                self._update(item, record, company, values, by_number.get(key))
            elif key in fresh:
                item.park("duplicate", self.env._("Two employees have number %s.", key[1]))
            else:
                fresh[key] = (item, values | {"company_id": company.id})
        self._create_bound("construction.employee", fresh.values())

    def _by_number(self, ready):
        """{(company id, number): employee}"""
        records = (
            self.env["construction.employee"]
            .with_context(active_test=False)
            .search(
                [
                    ("number", "in", [item.data["number"] for item, _company in ready]),
                    ("company_id", "in", [company.id for _item, company in ready]),
                ]
            )
        )
        return {(r.company_id.id, r.number): r for r in records}

    def _users(self, ready):
        """{e-mail: user} of internal users; an address that two have finds nobody."""
        emails = {(item.data.get("email") or "").strip().lower() for item, _c in ready} - {""}
        found = {}
        domain = [("share", "=", False), "|", ("login", "in", list(emails))]
        domain += [("email_normalized", "in", list(emails))]
        for user in self.env["res.users"].sudo().search(domain) if emails else ():
            for email in {user.login.lower(), user.email_normalized} & emails:
                found.setdefault(email, set()).add(user)
        return {email: next(iter(users)) for email, users in found.items() if len(users) == 1}

    def _hr_employees(self, ready):
        """{(company id, e-mail): employee of the HR app}, where it is installed."""
        if "hr.employee" not in self.env:
            return {}
        emails = {(item.data.get("email") or "").strip().lower() for item, _c in ready} - {""}
        found = {}
        spelled = fields.Domain.OR([("work_email", "=ilike", email)] for email in emails)
        for employee in self.env["hr.employee"].sudo().search(spelled):
            key = (employee.company_id.id, employee.work_email.lower())
            found.setdefault(key, []).append(employee)
        return {key: group[0] for key, group in found.items() if len(group) == 1}

    def _values(self, item, company, users, hr):
        data = item.data
        values = {name: data[name] or False for name in PLAIN if name in data}
        if "active" in data:
            values["active"] = data["active"] is not False
        if "level" in data:
            level = data["level"] or {}
            values["level"] = level.get("kind") or False
            values["level_period"] = str(level.get("period") or "") or False
        email = (data.get("email") or "").strip().lower()
        user = users.get(email)
        if user and company in user.company_ids:
            values["user_id"] = user.id
        if (company.id, email) in hr:
            values["hr_employee_ref"] = f"hr.employee,{hr[company.id, email].id}"
        return values

    def _update(self, item, record, company, values, namesake):
        if record.company_id != company:
            item.park(
                "ownership_conflict",
                self.env._(
                    "Employee %(employee)s belongs to %(owner)s and cannot move to %(company)s.",
                    employee=record.display_name,
                    owner=record.company_id.name,
                    company=company.name,
                ),
                suggestion=self.env._("The other company has an employee of its own."),
            )
            return
        if namesake and namesake != record:
            item.park(
                "duplicate",
                self.env._(
                    "Number %(number)s belongs to %(employee)s already.",
                    number=item.data["number"],
                    employee=namesake.display_name,
                ),
                wait=f"external:employee|{item.external_id}",
                suggestion=self.env._("Bind it to the right one, or change one number."),
            )
            return
        policy = self.env["construction.sync.policy"]._get("employee", company.id, item.platform_id)
        changed = self._changed(record, policy._filter_update(values))
        if changed:
            record.write(changed)
        item.bind(record)
