from odoo import api, fields, models

# what money is controlled by, and what decides for whom it holds
CONTROL = {"budget_check", "accept_platform_approval"}
SCOPE = {"platform_id", "company_id", "active"}
CONTROLLED_OBJECTS = ("commitment", "change_order")


class ConstructionSyncPolicyControl(models.Model):
    """The rules of a policy that control money: proposed, and approved by two people of
    Finance (`construction.change`). Until then what held holds."""

    _inherit = "construction.sync.policy"

    waiting_text = fields.Text(compute="_compute_waiting")
    may_approve_waiting = fields.Boolean(compute="_compute_waiting")

    def _controls(self, operation, old, new):
        if operation == "create":
            return new.get("object") in CONTROLLED_OBJECTS
        if operation == "delete":
            return old.get("object") in CONTROLLED_OBJECTS
        return bool(CONTROL & new.keys()) or (
            bool(SCOPE & new.keys()) and self.exists().object in CONTROLLED_OBJECTS
        )

    @api.depends_context("uid")
    def _compute_waiting(self):
        changes = self._waiting_changes()
        for policy in self:
            waiting = changes.get(policy.id, self.env["construction.change"])
            policy.waiting_text = "\n".join(policy._waiting_line(change) for change in waiting)
            policy.may_approve_waiting = len(waiting) == 1 and waiting.may_approve

    def _waiting_changes(self):
        """{policy id: the controlled change sets about it that are not in force yet}."""
        lines = self.env["construction.change.line"].sudo()
        found = lines.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("change_id.state", "in", ("draft", "checked", "scheduled")),
                ("change_id.controlled", "=", True),
            ]
        )
        return {res_id: of.change_id for res_id, of in found.grouped("res_id").items()}

    def _waiting_line(self, change):
        """What would change, from when, and whom it waits for."""
        lines = change.line_ids.filtered(
            lambda line: line.res_model == self._name and line.res_id == self.id
        )
        was = "; ".join(" → ".join(line._before_and_after()) for line in lines)
        since = fields.Datetime.context_timestamp(self, change.effective_at).strftime(
            "%Y-%m-%d %H:%M"
        ) if change.effective_at else self.env._("no date yet")  # fmt: skip
        return self.env._(
            "%(what)s. From: %(since)s. Proposed by %(who)s. %(waits)s",
            what=was,
            since=since,
            who=change.owner_id.name,
            waits=change.waits_for or self.env._("Approved; it waits for its date."),
        )

    def action_approve_waiting(self):
        """The approval, by the user, of the change that waits."""
        return self._waiting_of_this().action_approve()

    def action_open_waiting(self):
        return self._waiting_of_this()._get_records_action(context={})

    def _waiting_of_this(self):
        self.ensure_one()
        self.check_access("read")
        changes = self._waiting_changes().get(self.id, self.env["construction.change"])
        changes = changes.with_env(self.env)
        changes.check_access("read")
        return changes
