from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionChangePropose(models.TransientModel):
    """Adds a proposal to a draft change set: a mapping, a policy's rule, who owns a field,
    or the schema version that a platform speaks."""

    _name = "construction.change.propose"
    _description = "Propose a Change"

    change_id = fields.Many2one(
        "construction.change", string="Change set", domain=[("state", "=", "draft")]
    )
    name = fields.Char(string="New change set")
    reason = fields.Char(string="Why")
    effective_at = fields.Datetime(string="In force from", default=fields.Datetime.now)
    kind = fields.Selection(
        [
            ("mapping", "Mapping"),
            ("policy", "Rule of a policy"),
            ("field", "Owner of a field"),
            ("schema", "Version of an event type"),
        ],
        required=True,
        default="mapping",
    )
    remove = fields.Boolean(string="Delete it")
    platform_id = fields.Many2one("construction.platform")
    company_id = fields.Many2one("res.company")
    # a mapping
    crosswalk_id = fields.Many2one("construction.crosswalk", string="Mapping")
    crosswalk_kind = fields.Selection(selection="_selection_kind", string="Kind of code")
    external_value = fields.Char(string="Platform's code")
    target = fields.Reference(selection="_selection_target", string="Record in Odoo")
    value = fields.Char(string="Or a value")
    # a policy
    policy_id = fields.Many2one("construction.sync.policy")
    policy_object = fields.Selection(
        selection=lambda self: (
            self.env["construction.sync.policy"]._fields["object"]._description_selection(self.env)
        ),
        string="New policy for",
    )
    setting = fields.Selection(selection="_selection_setting", string="Rule")
    field_rule_id = fields.Many2one("construction.sync.policy.field", string="Listed field")
    field_name = fields.Char(string="Field")
    field_owner = fields.Selection([("platform", "Platform"), ("odoo", "Odoo")], string="Owner")
    # a schema
    event_type = fields.Selection(selection="_selection_event_type")

    @api.model
    def _selection_kind(self):
        return self.env["construction.crosswalk"]._selection_kind()

    @api.model
    def _selection_target(self):
        return self.env["construction.crosswalk"]._selection_target()

    @api.model
    def _selection_setting(self):
        """Every rule of a policy that is chosen from a list or switched on and off."""
        options = []
        policy = self.env["construction.sync.policy"]
        for name in policy._versioned_fields():
            field = policy._fields[name]
            label = field._description_string(self.env)
            if name != "object" and field.type == "selection":
                choices = field._description_selection(self.env)
                options += [(f"{name}={key}", f"{label}: {text}") for key, text in choices]
            elif field.type == "boolean":
                options.append((f"{name}=1", f"{label}: {self.env._('yes')}"))
                options.append((f"{name}=", f"{label}: {self.env._('no')}"))
        return options

    @api.model
    def _selection_event_type(self):
        return [(name, name) for name in sorted(self.env["construction.handler"]._names())]

    @api.model
    def default_get(self, fields):
        """From a mapping or a policy: a proposal about that one."""
        values = super().default_get(fields)
        model, res_id = self.env.context.get("active_model"), self.env.context.get("active_id")
        if model == "construction.crosswalk":
            values |= {"kind": "mapping", "crosswalk_id": res_id}
        elif model == "construction.sync.policy":
            values |= {"kind": "policy", "policy_id": res_id}
        elif model == "construction.change":
            values["change_id"] = res_id
        return values

    @api.onchange("crosswalk_id")
    def _onchange_crosswalk_id(self):
        row = self.crosswalk_id
        if row:
            self.crosswalk_kind, self.external_value = row.kind, row.external_value
            self.target, self.value = row.target, row.value
            self.platform_id, self.company_id = row.platform_id, row.company_id

    def action_propose(self):
        """Add the proposal and open its change set."""
        self.ensure_one()
        record, values = getattr(self, f"_proposal_{self.kind}")()
        changes = self.env["construction.change"]
        if not changes._is_manager():
            change = changes._propose_by_finance(record, values, self._change_values())
            return change._get_records_action(context={})
        change = self.change_id or changes.create(self._change_values())
        if self.remove and not record:
            raise UserError(self.env._("Choose what is to be deleted."))
        self.env["construction.change.line"]._propose(
            change, record, None if self.remove else values
        )
        return change._get_records_action(context={})

    def _change_values(self):
        if not (self.name or "").strip():
            raise UserError(self.env._("Choose a draft, or name a new change set."))
        return {"name": self.name, "reason": self.reason, "effective_at": self.effective_at}

    def _proposal_mapping(self):
        target = self.target
        values = {
            "kind": self.crosswalk_kind,
            "external_value": self.external_value,
            "res_model": target._name if target else False,
            "res_id": target.id if target else False,
            "value": self.value or False,
            "platform_id": self.platform_id.id,
            "company_id": self.company_id.id,
            "active": True,
        }
        if not self.remove and not (self.crosswalk_kind and self.external_value):
            raise UserError(self.env._("A mapping has a kind and the platform's code."))
        return self.crosswalk_id, self._changed_only(self.crosswalk_id, values)

    def _proposal_policy(self):
        if not (self.policy_id or self.policy_object) or not (self.setting or self.remove):
            raise UserError(self.env._("Choose a policy and the rule that is to hold."))
        name, _equals, value = (self.setting or "").partition("=")
        if name and self.policy_id._fields[name].type == "boolean":
            value = bool(value)
        if self.policy_id:
            return self.policy_id, {name: value}
        return self.policy_id, {
            "object": self.policy_object,
            "platform_id": self.platform_id.id,
            "company_id": self.company_id.id,
            name: value,
        }

    def _proposal_field(self):
        values = {"owner": self.field_owner}
        if not self.field_rule_id:
            values |= {"policy_id": self.policy_id.id, "name": self.field_name}
        if not self.remove and not all(values.values()):
            raise UserError(self.env._("Choose the policy, the field and its owner."))
        return self.field_rule_id, values

    def _proposal_schema(self):
        rule = self.env["construction.schema.rule"].search(
            [
                ("name_of_type", "=", (self.event_type or "").rpartition(".")[0]),
                ("platform_id", "=", self.platform_id.id),
            ]
        )
        if not self.event_type:
            raise UserError(self.env._("Choose the event type with its version."))
        return rule, {"event_type": self.event_type} | (
            {} if rule else {"platform_id": self.platform_id.id}
        )

    def _changed_only(self, record, values):
        if not record:
            return values
        now = record._values_now(values)[record.id]
        return {name: value for name, value in values.items() if now[name] != value} or values
