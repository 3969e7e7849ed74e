from odoo import api, models, tools
from odoo.exceptions import ValidationError

# the plans are found again by these system parameters; their ids differ per database
PLAN_PARAMETERS = {
    "cost_code": "construction_sync_base.cost_code_plan_id",
    "cost_type": "construction_sync_base.cost_type_plan_id",
}
KINDS = {
    "job": ("project.project", "account_id"),
    "cost_code": ("construction.cost.code", "analytic_account_id"),
    "cost_type": ("construction.cost.type", "analytic_account_id"),
}
COST_ACCOUNTS = ("expense", "expense_direct_cost", "expense_depreciation", "expense_other")
INCOME_ACCOUNTS = ("income", "income_other")
EDIT_SENTINEL = object()  # cannot come in over RPC, so neither can what it opens


def _account_ids(distribution):
    """Account ids of a distribution, in order, each once."""
    keys = (part for key in distribution or {} for part in key.split(","))
    return list(dict.fromkeys(int(part) for part in keys if part.isdigit()))


class ConstructionCoding(models.AbstractModel):
    """The coding rule: a cost line of a job names one job, one cost code and one cost
    type, each active and of the document's company or shared, at 100 %. Income and
    hours carry the job alone, balance-sheet lines none. Core enforces none of it."""

    _name = "construction.coding"
    _description = "Job Cost Coding"

    # ---------------------------------------------------------------- plans
    @api.model
    def _ensure_plans(self):
        """Create the two plans once. They stay optional: mandatory ones would block
        every timesheet and every entry that is not a job's."""
        names = {"cost_code": self.env._("Cost Code"), "cost_type": self.env._("Cost Type")}
        for kind, parameter in PLAN_PARAMETERS.items():
            if not self._plan(kind):
                plan = self.env["account.analytic.plan"].sudo().create({"name": names[kind]})
                self.env["ir.config_parameter"].sudo().set_param(parameter, plan.id)
                self.env.registry.clear_cache()

    @api.model
    def _accounts(self, kind, wanted):
        """Analytic accounts for new records of a kind.

        One that stands in the plan already for the code, and for no other record, is taken:
        it carries the entries from before this addon was uninstalled.

        :param wanted: list of (code, name, company id or falsy)
        :return: list of accounts in the same order
        """
        self._ensure_plans()
        plan = self._plan(kind)
        Account = self.env["account.analytic.account"].sudo()
        free = self._free_accounts(kind, Account, [code for code, _name, _company in wanted])
        found = [free.pop((code, company_id or False), None) for code, _n, company_id in wanted]
        made = Account.create(
            [
                {"name": name, "code": code, "plan_id": plan.id, "company_id": company_id}
                for (code, name, company_id), account in zip(wanted, found, strict=True)
                if not account
            ]
        )
        fresh = iter(made)
        return [account or next(fresh) for account in found]

    def _free_accounts(self, kind, Account, codes):
        """{(code, company id or False): account} where exactly one account could be meant."""
        model, column = KINDS[kind]
        accounts = Account.search(
            [("plan_id", "=", self._plan(kind).id), ("code", "in", codes)], order="id"
        )
        records = self.env[model].sudo().with_context(active_test=False)
        used = records.search([(column, "in", accounts.ids)])
        groups = {}
        for account in accounts - used[column]:
            groups.setdefault((account.code, account.company_id.id), []).append(account)
        return {key: group[0] for key, group in groups.items() if len(group) == 1}

    @api.model
    def _plan(self, kind):
        """The plan of 'job', 'cost_code' or 'cost_type'."""
        plans = self.env["account.analytic.plan"].sudo()
        if kind == "job":
            project_plan, _others = plans._get_all_plans()
            return project_plan
        return plans.browse(self._plan_id(kind))

    @api.model
    @tools.ormcache("kind")
    def _plan_id(self, kind):
        value = self.env["ir.config_parameter"].sudo().get_param(PLAN_PARAMETERS[kind])
        return self.env["account.analytic.plan"].sudo().browse(int(value or 0)).exists().id

    @api.model
    def _column(self, kind):
        """Column of the plan on analytic lines."""
        return self._plan(kind)._column_name()

    @api.model
    def _check_plan(self, records, kind):
        """:raises ValidationError: an account that is not in the one plan of its kind"""
        plan = self._plan(kind)
        for record in records:
            account = record.analytic_account_id.sudo()
            if account.root_plan_id != plan:
                raise ValidationError(
                    self.env._(
                        "%(record)s: its analytic account has to be in the plan “%(plan)s”.",
                        record=record.display_name,
                        plan=plan.name,
                    )
                )

    # ------------------------------------------------------------------ key
    @api.model
    def _distribution(self, job, cost_code, cost_type):
        """The one place that writes the key: the job's account first, 100 %."""
        accounts = (
            job.sudo().account_id.id,
            cost_code.sudo().analytic_account_id.id,
            cost_type.sudo().analytic_account_id.id,
        )
        return {",".join(map(str, accounts)): 100}

    @api.model
    def _read_distribution(self, distributions):
        """What distributions name.

        :param distributions: list of analytic distributions (or falsy)
        :return: list of dicts `job`, `cost_code`, `cost_type` (records or empty),
            `accounts` (all), `keys` (number of keys), `percent`, and per kind
            `("count", kind)`, how many accounts of its plan are named
        """
        ids = {account_id for d in distributions for account_id in _account_ids(d)}
        Account = self.env["account.analytic.account"].sudo().with_context(active_test=False)
        known = Account.search_fetch([("id", "in", list(ids))], ["root_plan_id", "active"])
        plans = {self._plan(kind).id: kind for kind in KINDS}
        kinds = {account.id: plans.get(account.root_plan_id.id) for account in known}
        maps = {kind: self._by_account(kind, kinds) for kind in KINDS}
        result = []
        for distribution in distributions:
            account_ids = [i for i in _account_ids(distribution) if i in kinds]
            entry = {
                "keys": len(distribution or {}),
                "percent": sum((distribution or {}).values()),
                "accounts": known.browse(account_ids).with_prefetch(known.ids),
            }
            for kind, (model, _column) in KINDS.items():
                found = [maps[kind][i] for i in account_ids if i in maps[kind]]
                entry[kind] = self.env[model].union(*found)
                entry["count", kind] = sum(kinds[i] == kind for i in account_ids)
            result.append(entry)
        return result

    def _by_account(self, kind, kinds):
        """{analytic account id: record} of one kind, for accounts in its plan."""
        model, column = KINDS[kind]
        records = self.env[model].sudo().with_context(active_test=False)
        ids = [account_id for account_id, plan_kind in kinds.items() if plan_kind == kind]
        if not ids:
            return {}
        domain = [(column, "in", ids)]
        if kind == "job":
            domain.append(("is_job", "=", True))
        found = records.search_fetch(domain, [column, "active", "company_id"])
        return {record[column].id: record for record in found}

    # ---------------------------------------------------------------- check
    @api.model
    def _check_cost_coding(self, lines, company_of, job_of=None):
        """Refuse cost lines of a job whose coding is not exactly one of each.

        :param lines: records with `analytic_distribution`
        :param company_of: function line → company of the document
        :param job_of: function line → job that the document names, if it names one
        :raises ValidationError: names the line and what it lacks
        """
        read = self._read_distribution([line.analytic_distribution for line in lines])
        for line, coding in zip(lines, read, strict=True):
            job = job_of(line) if job_of else coding["job"]
            if not job and not (coding["job"] or coding["cost_code"] or coding["cost_type"]):
                continue
            fault = self._coding_fault(coding, company_of(line), job)
            if fault:
                raise ValidationError(
                    self.env._(
                        "“%(line)s”: %(fault)s\nA cost line of a job names exactly one job, "
                        "one cost code and one cost type at 100 %%.",
                        line=(line.name or line.display_name or "").split("\n")[0],
                        fault=fault,
                    )
                )

    def _coding_fault(self, coding, company, job):
        names = {
            "job": self.env._("job"),
            "cost_code": self.env._("cost code"),
            "cost_type": self.env._("cost type"),
        }
        for kind, label in names.items():
            count = max(len(coding[kind]), coding["count", kind])
            if len(coding[kind]) != 1 or count != 1:
                return self.env._("it names %(count)s × %(what)s.", count=count, what=label)
            record = coding[kind]
            if not (record.active and record[KINDS[kind][1]].active):
                return self.env._(
                    "%(what)s %(name)s is archived.", what=label, name=record.display_name
                )
            if record.company_id and record.company_id != company:
                return self.env._(
                    "%(what)s %(name)s belongs to %(owner)s, the document to %(company)s.",
                    what=label,
                    name=record.display_name,
                    owner=record.company_id.name,
                    company=company.name,
                )
        if job and coding["job"] != job:
            return self.env._(
                "it is coded to job %(coded)s, the document belongs to %(job)s.",
                coded=coding["job"].display_name,
                job=job.display_name,
            )
        code = coding["cost_code"]
        if code.job_id and code.job_id != coding["job"]:
            return self.env._(
                "cost code %(code)s is on the list of job %(job)s only.",
                code=code.code,
                job=code.job_id.display_name,
            )
        if coding["keys"] != 1 or abs(coding["percent"] - 100) > 1e-6:
            return self.env._("its distribution is split or below 100 %.")
        return None

    @api.model
    def _check_income_coding(self, line, coding):
        """Revenue carries the job alone."""
        if coding["cost_code"] or coding["cost_type"] or len(coding["job"]) != 1:
            raise ValidationError(
                self.env._(
                    "“%s” is income: it carries the job alone, no cost code and no cost type.",
                    line.name or line.display_name,
                )
            )

    @api.model
    def _refuse_balance_coding(self, line):
        """Payables, taxes, stock, accruals and clearing never carry a job."""
        raise ValidationError(
            self.env._(
                "“%(line)s” is on %(account)s, a balance-sheet account: take the job coding off.",
                line=line.name or "",
                account=line.account_id.display_name,
            )
        )
