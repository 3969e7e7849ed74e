from odoo import models
from odoo.tools import SQL, formatLang

from ..lib import money, pairing
from .purchase_order import CONFIRMED


class ConstructionTypedCommitment(models.AbstractModel):
    """Recognises an order that somebody typed while the platform was down, so that the
    later event binds to it and no second one appears.

    It is the one meant when company, job, vendor, currency and number are the same, it is
    neither cancelled nor closed, and no platform's commitment is bound to it. The number is
    the commitment number or the vendor reference, whatever its case and outer blanks.
    Lines that differ are taken from the event as long as nothing was received or billed.
    Everything less certain is a question to a person.
    """

    _name = "construction.typed.commitment"
    _inherit = "construction.schedule.plan"
    _description = "Commitments Typed by Hand"

    def _adopt_typed(self, plans):
        """Give plans of unknown commitments the order that was typed for them; park what a
        person has to decide. Plans of orders bound by hand are marked `first` as well."""
        known = [plan for plan in plans if plan["order"]]
        by_hand = self._never_applied([plan["item"] for plan in known]) if known else ()
        for plan in known:
            plan["first"] = plan["item"].id in by_hand
        fresh = [plan for plan in plans if not plan["order"] and not plan["item"].apart]
        found = self._typed_orders(fresh)
        taken = set()
        for plan in fresh:
            orders = [order for order in found if self._speaks_of(plan, order)]
            if not orders:
                continue
            order = orders[0]
            certain = len(orders) == 1 and not self._typed_faults(plan, order)
            if not certain or order.id in taken:
                self._ask(plan, orders)
                continue
            taken.add(order.id)
            plan |= {"order": order, "first": True}
            self._audit_adopted(
                plan["item"],
                order,
                "company, job, vendor, currency and number",
                self._differences(plan, order),
            )

    def _typed_orders(self, plans):
        """Orders of the plans' jobs with one of their numbers that are bound to nothing of
        this platform."""
        Order = self.env["purchase.order"]
        if not plans:
            return Order
        Order.flush_model(["project_id", "commitment_number", "partner_ref", "state"])
        numbers = list({_number_key(plan["item"].data["number"]) for plan in plans})
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id FROM purchase_order o
                 WHERE o.project_id = ANY(%(jobs)s) AND o.state <> 'cancel'
                   AND (lower(btrim(o.commitment_number)) = ANY(%(numbers)s)
                        OR lower(btrim(o.partner_ref)) = ANY(%(numbers)s))
                   AND NOT EXISTS (SELECT FROM construction_binding b
                                    WHERE b.res_model = 'purchase.order' AND b.res_id = o.id
                                      AND b.platform_id = %(platform)s)
                 ORDER BY o.id
                """,
                jobs=list({plan["job"].id for plan in plans}),
                numbers=numbers,
                platform=plans[0]["item"].platform_id,
            )
        )
        return Order.search([("id", "in", [row[0] for row in rows])], order="id")

    def _speaks_of(self, plan, order):
        """Whether an order may be the one meant. Vendor references are the vendor's own:
        with another vendor they say nothing."""
        if order.project_id != plan["job"]:
            return False
        number = _number_key(plan["item"].data["number"])
        if _number_key(order.commitment_number) == number:
            return True
        return (
            not order.commitment_number
            and _number_key(order.partner_ref) == number
            and _same_vendor(order, plan)
        )

    def _typed_faults(self, plan, order):
        """Sentences that say why this order is a question and not taken."""
        faults = []
        if not _same_vendor(order, plan):
            faults.append(
                self.env._(
                    "vendor %(ours)s, not %(theirs)s",
                    ours=order.partner_id.display_name,
                    theirs=plan["vendor"].display_name,
                )
            )
        if order.currency_id != plan["currency"]:
            faults.append(
                self.env._(
                    "currency %(ours)s, not %(theirs)s",
                    ours=order.currency_id.name,
                    theirs=plan["currency"].name,
                )
            )
        if order.closed_state != "open":
            faults.append(self.env._("it is closed"))
        if self._bound_to_others(order):
            faults.append(self.env._("another platform reports it already"))
        if not self._paired(plan, order).exact and (touched := order._touched()):
            faults += self._differences(plan, order) + [touched]
        return faults

    def _bound_to_others(self, order):
        return self.env["construction.binding"].sudo().search_count(
            [("res_model", "=", order._name), ("res_id", "=", order.id)], limit=1
        )  # fmt: skip

    def _paired(self, plan, order):
        digits = plan["currency"].decimal_places
        typed = [
            pairing.Line(
                line.id,
                (line.cost_code_id.id, line.cost_type_id.id),
                money.from_float(line.price_subtotal, digits),
                line.name or "",
            )
            for line in order.order_line
            if not line.display_type and not line.line_ref
        ]
        sent = [
            pairing.Line(
                values["line_ref"],
                (values["cost_code_id"], values["cost_type_id"]),
                values["_amount"],
                values["name"] or "",
            )
            for values in plan["lines"]
        ]
        return pairing.pair(typed, sent)

    def _differences(self, plan, order):
        """What the event would change of the typed lines, as sentences."""
        found = self._paired(plan, order)

        def shown(line):
            return formatLang(self.env, float(line.amount), currency_obj=plan["currency"])

        return [
            *(
                self.env._(
                    "“%(line)s” is %(ours)s here, %(theirs)s there",
                    line=typed.text,
                    ours=shown(typed),
                    theirs=shown(sent),
                )
                for typed, sent in found.unequal
            ),
            *(
                self.env._("“%(line)s” (%(amount)s) only here", line=t.text, amount=shown(t))
                for t in found.only_typed
            ),
            *(
                self.env._("“%(line)s” (%(amount)s) only there", line=s.text, amount=shown(s))
                for s in found.only_sent
            ),
        ]

    def _ask(self, plan, orders):
        item = plan["item"]
        item.park(
            "duplicate",
            self.env._(
                "Commitment %(number)s may stand in Odoo already, typed by hand: %(orders)s.",
                number=item.data["number"],
                orders=", ".join(order.display_name for order in orders[:5]),
            ),
            wait=f"external:commitment|{item.external_id}",
            suggestion=self.env._("Look at the differences and choose one, or a new one."),
            candidates=self._candidates(
                orders,
                [self._typed_faults(plan, o) or self._differences(plan, o) for o in orders],
            ),
        )

    def _take_over(self, plan):
        """Give the typed lines the platform's line ids; what has none there goes to zero.

        :return: True when the order is as the event says and its lines stay as typed
        """
        order = plan["order"]._editable()
        found = self._paired(plan, order)
        lines = {line.id: line for line in order.order_line}
        for typed, sent in found.pairs:
            lines[typed.key].line_ref = sent.key
        superfluous = order.order_line.browse(typed.key for typed in found.only_typed)
        if order.state not in CONFIRMED:
            superfluous.unlink()
        plan["superfluous"] = superfluous.exists()
        return bool(found.exact and order._touched())


def _number_key(number):
    return (number or "").strip().lower()


def _same_vendor(order, plan):
    return order.partner_id.commercial_partner_id == plan["vendor"].commercial_partner_id
