from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from ..lib import money, transfer
from .construction_coding import COST_ACCOUNTS

SIDES = ("job_id", "cost_code_id", "cost_type_id")


class ConstructionCostTransferLine(models.Model):
    """An amount that leaves one coding for another, on the account where it stands."""

    _name = "construction.cost.transfer.line"
    _description = "Cost Transfer Line"
    _order = "transfer_id, id"
    _check_company_auto = True

    transfer_id = fields.Many2one(
        "construction.cost.transfer", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="transfer_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="transfer_id.state", store=True)
    line_ref = fields.Char(string="Line at the platform", readonly=True, copy=False)
    source_item_id = fields.Many2one(
        "account.move.line",
        string="Posted item",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="The item whose cost is moved. It stays as it is.",
    )
    source_document = fields.Char(help="As the platform names it.")
    description = fields.Char()
    account_id = fields.Many2one(
        "account.account",
        required=True,
        check_company=True,
        ondelete="restrict",
        domain=[("account_type", "in", COST_ACCOUNTS)],
    )
    from_job_id = fields.Many2one(
        "project.project",
        string="From job",
        required=True,
        check_company=True,
        domain="[('is_job', '=', True)]",
        index=True,
    )
    from_cost_code_id = fields.Many2one(
        "construction.cost.code", string="From code", required=True, check_company=True
    )
    from_cost_type_id = fields.Many2one(
        "construction.cost.type", string="From type", required=True, check_company=True
    )
    to_job_id = fields.Many2one(
        "project.project",
        string="To job",
        required=True,
        check_company=True,
        domain="[('is_job', '=', True)]",
        index=True,
    )
    to_cost_code_id = fields.Many2one(
        "construction.cost.code",
        string="To code",
        required=True,
        check_company=True,
        domain="['|', ('job_id', '=', False), ('job_id', '=', to_job_id)]",
    )
    to_cost_type_id = fields.Many2one(
        "construction.cost.type", string="To type", required=True, check_company=True
    )
    amount = fields.Monetary(required=True, help="A cost is positive.")
    quantity = fields.Float(digits="Product Unit")

    _amount = models.Constraint("CHECK (amount <> 0)", "A transfer of nothing moves nothing.")
    _ref_unique = models.UniqueIndex(
        "(transfer_id, line_ref) WHERE line_ref IS NOT NULL", "This line is there already."
    )
    _moves = models.Constraint(
        "CHECK ((from_job_id, from_cost_code_id, from_cost_type_id)"
        " <> (to_job_id, to_cost_code_id, to_cost_type_id))",
        "Old and new coding are the same: nothing would move.",
    )

    @api.onchange("source_item_id")
    def _onchange_source_item_id(self):
        if self.source_item_id:
            self.update(self._values_of(self.source_item_id)[0])

    @api.model
    def _values_of(self, items):
        """Values of lines that move what is left of posted cost items, `to` as `from`."""
        read = self.env["construction.coding"]._read_distribution(
            [item.analytic_distribution for item in items]
        )
        moved = self._moved(items)
        values = []
        for item, entry in zip(items, read, strict=True):
            digits = item.company_id.currency_id.decimal_places
            left = transfer.left_of(money.from_float(item.balance, digits), moved.get(item.id, ()))
            coding = {
                "job_id": entry["job"].id,
                "cost_code_id": entry["cost_code"].id,
                "cost_type_id": entry["cost_type"].id,
            }
            values.append(
                {
                    "source_item_id": item.id,
                    "description": item.name,
                    "account_id": item.account_id.id,
                    "amount": float(left),
                    **{
                        f"{side}_{name}": coding[name] for side in ("from", "to") for name in coding
                    },
                }
            )
        return values

    @api.model
    def _moved(self, items, but=()):
        """{item id: [amounts]} that transfers posted or waiting take of posted items.

        :param but: lines that are asked about themselves
        """
        lines = self.sudo().search_fetch(
            [
                ("source_item_id", "in", items.ids),
                ("id", "not in", [line.id for line in but]),
                "|",
                ("transfer_id.state", "=", "posted"),
                ("transfer_id.release_state", "=", "to_release"),
            ],
            ["source_item_id", "amount", "company_id"],
        )
        moved = {}
        for line in lines:
            digits = line.company_id.currency_id.decimal_places
            moved.setdefault(line.source_item_id.id, []).append(
                money.from_float(line.amount, digits)
            )
        return moved

    def _check_left(self):
        """:raises UserError: more would be moved than a posted item has left"""
        sourced = self.filtered("source_item_id")
        moved = self._moved(sourced.source_item_id, sourced)
        read = self.env["construction.coding"]._read_distribution(
            [line.source_item_id.analytic_distribution for line in sourced.sudo()]
        )
        for line, entry in zip(sourced, read, strict=True):
            item, digits = line.source_item_id.sudo(), line.currency_id.decimal_places
            amount = money.from_float(line.amount, digits)
            taken = moved.setdefault(item.id, [])
            left = transfer.left_of(money.from_float(item.balance, digits), taken)
            key = tuple(entry[name].id for name in ("job", "cost_code", "cost_type"))
            if (
                item.parent_state != "posted"
                or item.account_id != line.account_id
                or key != line._key("from")
            ):
                raise UserError(
                    self.env._(
                        "“%s” is not posted on that account and coding: choose the item anew.",
                        item.display_name,
                    )
                )
            if not transfer.fits(amount, left):
                raise UserError(
                    self.env._(
                        "“%(item)s” has %(left)s left to move, the transfer takes %(amount)s. "
                        "What was moved already is moved on from where it is now.",
                        item=item.display_name,
                        left=line._shown(left),
                        amount=line._shown(amount),
                    )
                )
            taken.append(amount)

    def _shown(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    def _key(self, side):
        """(job, cost code, cost type) ids of `from` or `to`."""
        return tuple(self[f"{side}_{name}"].id for name in SIDES)

    def _distribution(self, side):
        records = (self[f"{side}_{name}"] for name in SIDES)
        return self.env["construction.coding"]._distribution(*records)

    def _effect(self):
        self.ensure_one()
        names = {
            side: " ".join(
                (
                    self[f"{side}_job_id"].sudo().job_number or "",
                    self[f"{side}_cost_code_id"].code or "",
                    self[f"{side}_cost_type_id"].name or "",
                )
            )
            for side in ("from", "to")
        }
        return self.env._(
            "%(amount)s on %(account)s: %(old)s → %(new)s",
            amount=self._shown(self.amount),
            account=self.account_id.display_name,
            old=names["from"],
            new=names["to"],
        )

    @api.constrains("account_id")
    def _check_account(self):
        for line in self:
            if line.account_id.account_type not in COST_ACCOUNTS:
                raise ValidationError(
                    self.env._(
                        "%s is no cost account: a transfer moves cost from code to code.",
                        line.account_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._refuse_frozen()
        return lines

    def write(self, vals):
        self._refuse_frozen()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_of_drafts(self):
        self._refuse_frozen()

    def _refuse_frozen(self):
        for record in self.transfer_id:
            if record.state != "draft" or record.release_state == "to_release":
                raise UserError(
                    self.env._(
                        "%s is submitted or posted: its lines stay as they are.",
                        record.display_name,
                    )
                )
