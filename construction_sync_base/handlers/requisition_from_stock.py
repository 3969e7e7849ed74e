from odoo import fields, models

from ..lib import money
from ..models.construction_resolver import code_of, coding_of


class RequisitionFromStock(models.AbstractModel):
    """requisition.approved with `fulfil_from` stock → a transfer from the stock to the location
    where material for jobs is consumed, coded by line. Whoever keeps the stock validates it on
    the day of issue; then, and not before, it costs the job (accounting rules, "Material").

    A newer version takes its place until it is issued.
    """

    _inherit = "construction.handler.requisition.approved"

    def _apply(self, items):
        issues = [item for item in items if item.data.get("fulfil_from") == "stock"]
        orders = [item for item in items if item.data.get("fulfil_from") != "stock"]
        standing = self._standing_transfers(orders)
        if issues:
            self._apply_from_stock(issues)
        if not orders:
            return None
        result = super()._apply(orders)
        self._drop_transfers(orders, standing)
        return result

    def _apply_from_stock(self, items):
        self._refuse_merged(items)
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        known, standing = self._known_orders(items), self._standing_transfers(items)
        taken = [
            item
            for item in items
            if not item.blocked and self._may_request(item, jobs[item.id], known.get(item.id))
        ]
        routes = self._routes([jobs[item.id].company_id for item in taken])
        plans = self._transfer_plans(taken, jobs, routes)
        for item, _values in plans:
            known.get(item.id, self.env["purchase.order"]).button_cancel()
        self._drop_transfers([item for item, _values in plans], standing)
        transfers = self.env["stock.picking"].create([values for _item, values in plans])
        transfers.action_confirm()
        for (item, _values), transfer in zip(plans, transfers, strict=True):
            item.bind(transfer)

    def _standing_transfers(self, items):
        """{item id: what an older version asked of the stock}; parks what was issued, which
        changes no more."""
        keys, standing = {self._key(item): item for item in items if not item.blocked}, {}
        transfers = self.env["stock.picking"].search(
            [("requisition_key", "in", list(keys)), ("state", "!=", "cancel")]
        )
        for key, group in transfers.grouped("requisition_key").items():
            issued = group.filtered(lambda transfer: transfer.state == "done")
            if issued:
                keys[key].park(
                    "matching",
                    self.env._(
                        "Requisition %(number)s was issued with %(transfers)s and changes no more.",
                        number=keys[key].data.get("number") or keys[key].external_id,
                        transfers=", ".join(issued.mapped("name")),
                    ),
                    suggestion=self.env._(
                        "Return what came too much on the transfer, or have a further requisition "
                        "sent."
                    ),
                )
            standing[keys[key].id] = group
        return standing

    def _drop_transfers(self, items, standing):
        """Cancel what newer versions take the place of. One that waits, for a cost code or
        an open job, leaves the older one as it is: the warehouse goes on by it."""
        transfers = [standing[i.id] for i in items if i.id in standing and not i.blocked]
        self.env["stock.picking"].union(*transfers).action_cancel()

    def _routes(self, companies):
        """{company: (warehouse, the location where its jobs consume material)}"""
        found = {}
        for company in companies:
            if company in found:
                continue
            own = [("company_id", "in", (False, company.id))]
            found[company] = (
                self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1),
                self.env["stock.location"]
                .with_company(company)
                .search([("usage", "=", "production"), ("valuation_account_id", "!=", False), *own])
                .sorted(lambda location: not location.company_id)[:1],
            )
        return found

    def _transfer_plans(self, items, jobs, routes):
        """[(item, values of its transfer)] of those that nothing holds up."""
        entries = [(item, jobs[item.id], line) for item in items for line in item.data["lines"]]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        uoms = self._uoms([(i, j.company_id, line.get("uom")) for i, j, line in entries])
        products = self._named_products(items, jobs)
        plans = []
        for item in items:
            job = jobs[item.id]
            warehouse, site = routes[job.company_id]
            if not warehouse or not site:
                item.park(
                    "unmapped_reference",
                    self.env._(
                        "%s has no location where jobs consume material of the stock.",
                        job.company_id.name,
                    ),
                    suggestion=self.env._(
                        "Make one of usage Production with a stock valuation account, then retry "
                        "the event."
                    ),
                )
                continue
            places = {"location_id": warehouse.lot_stock_id.id, "location_dest_id": site.id}
            moves = [
                self._move(item, job, line, position, codes, types, uoms, products)
                for position, line in enumerate(item.data["lines"], start=1)
            ]
            if not item.blocked:
                moves = [fields.Command.create(values | places) for values in moves]
                values = self._transfer(item, warehouse) | places | {"move_ids": moves}
                plans.append((item, values))
        return plans

    def _transfer(self, item, warehouse):
        needed = item.data.get("needed_by")
        return {
            "picking_type_id": warehouse.int_type_id.id,
            "company_id": warehouse.company_id.id,
            "origin": item.data["number"],
            "requisition_key": self._key(item),
            "user_id": False,
        } | ({"scheduled_date": needed} if needed else {})

    def _move(self, item, job, line, position, codes, types, uoms, products):
        """Values of one line, or None after parking the item."""
        path = f"lines[{position}]"
        quantity = self._number(item, money.parse_quantity, line["quantity"], f"{path}.quantity")
        code = codes.get((item.id, coding_of(line["cost_code"])))
        cost_type = types.get((item.id, coding_of(line["cost_type"])))
        product = products.get((item.id, code_of(line.get("product"))))
        uom = uoms.get((item.id, code_of(line.get("uom"))))
        if not product or not product.is_storable:
            item.park(
                "inactive_target" if product else "unmapped_reference",
                self.env._(
                    "%(path)s “%(line)s” names no product that is kept in stock.",
                    path=path,
                    line=line["description"],
                ),
                suggestion=self.env._("Have it sent with its item, or to be purchased."),
            )
        elif uom and not uom._has_common_reference(product.uom_id):
            item.park(
                "amount",
                self.env._(
                    "%(path)s: %(product)s is kept in %(own)s, not in %(unit)s.",
                    path=path,
                    product=product.display_name,
                    own=product.uom_id.name,
                    unit=uom.name,
                ),
            )
        if item.blocked or quantity is None or not code or not cost_type:
            return None
        return {
            "product_id": product.id,
            "product_uom": (uom or product.uom_id).id,
            "product_uom_qty": money.to_float(quantity, money.QUANTITY_DECIMALS),
            "description_picking": line["description"],
            "construction_job_id": job.id,
            "cost_code_id": code.id,
            "cost_type_id": cost_type.id,
        }
