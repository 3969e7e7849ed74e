from odoo import models

from ..lib import change_order as machine
from ..lib.batch import Problem, Refused
from ..models.construction_approval_platform import self_approved
from ..models.construction_coding import EDIT_SENTINEL

AMOUNTS = ("cost_amount", "revenue_amount", "budget_amount")


class ChangeOrderHandler(models.AbstractModel):
    """What the five facts about a change order share: each carries the whole of it.

    An event brings the record to where the platform says it is. A side is executed only where
    the platform says so of that side; nothing of ours moves before it was approved, here by
    the matrix or there where the policy accepts that. A side that cannot be moved leaves the
    others and opens an issue.
    """

    _name = "construction.handler.change_order"
    _inherit = "construction.schedule.change"
    _description = "change_order.…"

    _fact = None
    _lane = "critical"
    _order_in_batch = 55

    def _apply(self, items):
        known = self._split_new(items, "construction.change.order")
        plans = self._plans(items, known)
        self._refuse_taken([plan for plan in plans if not plan["change"]])
        plans = [plan for plan in plans if not plan["item"].blocked]
        self._create([plan for plan in plans if not plan["change"]])
        self._amend([plan for plan in plans if "amended" not in plan])
        self._link_packages(plans)
        self.env["construction.approval"]._from_platform(
            [(plan["change"], plan["item"]) for plan in plans]
        )
        for plan in plans:
            self._move(plan)
            plan["item"].bind(plan["change"])

    def _refuse_taken(self, plans):
        """A number that the job has already is a question: it may have been typed here."""
        jobs = [plan["job"].id for plan in plans]
        taken = {
            (change.job_id.id, change.number): change
            for change in self.env["construction.change.order"].search([("job_id", "in", jobs)])
        }
        for plan in plans:
            item, key = plan["item"], (plan["job"].id, plan["item"].data["number"])
            if key in taken and taken[key]:
                item.park(
                    "duplicate",
                    self.env._(
                        "The job has a change order %s already, which this platform did not send.",
                        key[1],
                    ),
                    wait=f"external:change_order|{item.external_id}",
                    suggestion=self.env._("Choose it if it is the same, or give one a new number."),
                    candidates=self._candidates(taken[key], [[]]),
                    may_be_new=False,
                )
            taken.setdefault(key, taken.get(key, self.env["construction.change.order"]))

    # ---------------------------------------------------------------- write
    def _create(self, plans):
        changes = (
            self.env["construction.change.order"]
            ._opened()
            .create([plan["header"] | {"line_ids": self._line_commands(plan)} for plan in plans])
        )
        for plan, change in zip(plans, changes, strict=True):
            plan |= {"change": change.with_env(self.env), "amended": True, "recoded": True}

    def _amend(self, plans):
        for plan in plans:
            change = plan["change"]._opened()
            before, needs = [change[name] for name in AMOUNTS], change._budget_needs()
            header = {k: v for k, v in plan["header"].items() if k not in ("job_id", "currency_id")}
            values = self._changed(change, header)
            commands = self._line_commands(plan)
            if commands:
                values["line_ids"] = commands
            if values:
                change.write(values)
            plan["amended"] = before != [change[name] for name in AMOUNTS]
            plan["recoded"] = needs != change._budget_needs()

    def _link_packages(self, plans):
        """A change order that is billed in another one, whichever of them comes first."""
        changes = self.env["construction.change.order"]
        own = changes.union(*(plan["change"] for plan in plans))
        refs = [change.platform_ref for change in own]
        others = changes.search(
            [
                ("job_id", "in", own.job_id.ids),
                "|",
                ("package_ref", "in", refs),
                ("platform_ref", "in", [change.package_ref for change in own]),
            ]
        )
        whole = {(change.job_id, change.platform_ref): change for change in others | own}
        for change in others | own:
            package = change.package_ref and whole.get((change.job_id, change.package_ref))
            if package and package not in (change, change.package_id):
                change.package_id = package

    # ----------------------------------------------------------------- move
    def _move(self, plan):
        item, change = plan["item"], plan["change"]._opened()
        fact, claims = self._fact, plan["claims"]
        plan["fact_before"] = (change.platform_claims or {}).get("fact")
        change.platform_claims = claims | {"fact": fact}
        if item.approved_note:
            change.budget_reason = item.approved_note
        wanted, silent = machine.snapshot(
            fact,
            claims,
            change._involved(),
            potential=fact == "submitted" and item.data["stage"] == "potential",
        )
        if silent:
            self._tell_silent(plan, silent)
        if wanted.state in machine.ENDINGS or wanted.state == "potential":
            problems = change._bring(wanted)
            change._leave_gate()
        elif self._stands(plan):
            self._check_budget(plan)
            problems = change._bring(change._standing()) if plan["recoded"] else {}
        elif self._passes(plan, wanted):
            self._check_budget(plan)
            if wanted.state not in machine.DECIDED:  # a policy released what is only submitted
                change._bring(wanted)
                wanted = change._approved_standing()
            problems = change._bring(wanted)
        else:
            before = machine.snapshot("submitted", claims, change._involved())[0]
            problems = change._bring(before)
            self._tell_waiting(plan)
        self._drop_undone(plan)
        self._tell_stuck(plan, problems)

    def _stands(self, plan):
        """What is only submitted there, and was approved here since, stays approved while its
        amounts are the same."""
        return (
            self._fact == plan["fact_before"] == "submitted"
            and not plan["amended"]
            and plan["change"].state in machine.DECIDED
        )

    def _passes(self, plan, wanted):
        """Whether nobody has to approve this here any more."""
        change, approved = plan["change"]._opened(), wanted.state in machine.DECIDED
        if not plan["amended"]:
            if change.release_state == "to_release" and plan["fact_before"] == self._fact:
                return False
            if approved and change.state in machine.DECIDED:
                return True
        accepted = self._accepts(plan)
        context = {"construction_approval": EDIT_SENTINEL} if accepted else {}
        asked = change.with_context(**context)
        if asked._release_request(accepted):
            return False
        asked._at_the_gate()._release_settle()
        return True

    def _check_budget(self, plan):
        """What goes beyond the budget: told, or stopped until there is budget or somebody
        approves the overrun, by policy."""
        change, item = plan["change"], plan["item"]
        if change.state in machine.DECIDED and not plan["recoded"]:
            return
        found = change._budget_overruns().get(change)
        check = found and change._budget_policy()
        if not found or check == "off" or item.approved_note:
            return
        text, more = self._overrun(change, found)
        if check == "block":
            raise Refused(
                Problem(
                    "budget",
                    text,
                    wait=f"budget|{change.job_id.id}",
                    severity="high",
                    suggestion=self.env._("Move budget to these lines, or approve the overrun."),
                    **more,
                )
            )
        if check == "warn":
            item.notice("budget", text, **more)
        else:
            change.message_post(body=text)

    def _overrun(self, change, found):
        """(text, values of its issue) of what `_budget_overruns` found"""
        over = sum(needed - rest for _key, rest, needed in found)
        more = {"amount": over, "currency_id": change.company_id.currency_id.id}
        return change._budget_text(found), more

    def _accepts(self, plan):
        """Whether the platform's approval suffices; that of the submitter never does."""
        if self._fact not in machine.DECIDED:
            return False
        policy = self.env["construction.sync.policy"]._get(
            "change_order", plan["job"].company_id.id, plan["item"].platform_id
        )
        return policy.accept_platform_approval and not self_approved(plan["item"].data)

    def _drop_undone(self, plan):
        """Lines that the newest version does not have, once nothing of them is applied."""
        change, sent = plan["change"]._opened(), {values["line_ref"] for values in plan["lines"]}
        change.line_ids.filtered(
            lambda line: (
                line.line_ref not in sent
                and not (line.applied_quantity or line.applied_amount or line.applied_budget_amount)
            )
        ).unlink()

    # ----------------------------------------------------------------- tell
    def _tell_silent(self, plan, silent):
        labels = {side: plan["change"]._fields[f"{side}_status"].string for side in silent}
        plan["item"].notice(
            "approval",
            self.env._(
                "%(change)s is called executed, but not by whom: nothing is said about %(sides)s. "
                "These sides stay as they are.",
                change=plan["change"].display_name,
                sides=", ".join(labels.values()),
            ),
            suggestion=self.env._(
                "The platform sends cost_status or revenue_status, or record it on the change "
                "order."
            ),
        )

    def _tell_waiting(self, plan):
        change = plan["change"]
        if self._fact == "submitted":
            return  # that is what it says of itself
        text = self._waiting_text(change)
        found = change._budget_overruns().get(change)
        if found and change._budget_policy() == "route":
            overrun, more = self._overrun(change, found)
            plan["item"].notice("approval", f"{text}\n{overrun}", severity="high", **more)
            return
        plan["item"].notice(
            "approval", text, amount=abs(change.cost_amount), currency_id=change.currency_id.id
        )

    def _tell_stuck(self, plan, problems):
        change = plan["change"]
        problems = self._make_room(plan, problems)
        for side, text in problems.items():
            plan["item"].notice(
                "budget" if side == "budget" else "matching",
                text,
                severity="high",
                wait=f"change_order_{side}|{change.id}",
                amount=abs(change[f"{side}_amount"]),
                currency_id=change.currency_id.id,
                suggestion=self.env._("Mend the cause, then “Try again” on the change order."),
            )

    def _make_room(self, plan, problems):
        """Where bills alone keep the commitment side, a correction sets them back; what a
        policy released of it is no problem any more."""
        change = plan["change"]._opened()
        if "cost" not in problems or not change._bills_in_the_way():
            return problems
        correction = self.env["construction.correction"]._propose(
            change,
            "change",
            plan["item"].data.get("reason") or self.env._("%s changed.", change.display_name),
            plan["item"].data.get("date"),
        )
        left = {side: text for side, text in problems.items() if side in (change.stuck_sides or {})}
        if "cost" in left:
            left["cost"] += "\n" + self.env._(
                "%s sets the bills back, and waits for its release.", correction.sudo().number
            )
        return left
