import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .construction_change import APPLYING, DRAFT, Noting

OPERATIONS = [("create", "New"), ("write", "Changed"), ("delete", "Deleted")]


class ConstructionChangeLine(models.Model):
    """One record of a change set: what it says before and after, as data."""

    _name = "construction.change.line"
    _description = "Proposed Change"
    _check_company_auto = True
    _order = "change_id, sequence, id"

    change_id = fields.Many2one(
        "construction.change", required=True, ondelete="cascade", index=True
    )
    change_state = fields.Selection(related="change_id.state")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    sequence = fields.Integer(default=10)
    operation = fields.Selection(OPERATIONS, required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    name = fields.Char(string="What", required=True, readonly=True)
    old_values = fields.Json(readonly=True)
    new_values = fields.Json(readonly=True)
    old_text = fields.Text(string="Before", compute="_compute_texts")
    new_text = fields.Text(string="After", compute="_compute_texts")

    _by_record = models.Index("(res_model, res_id)")
    _values_given = models.Constraint(
        "CHECK ((operation = 'create' OR (old_values IS NOT NULL AND res_id > 0))"
        " AND (operation = 'delete' OR new_values IS NOT NULL))",
        "A change names what was and what is to be.",
    )

    @api.depends("old_values", "new_values")
    def _compute_texts(self):
        for line in self:
            line.old_text = line._shown(line.old_values)
            line.new_text = line._shown(line.new_values)

    def _shown(self, values):
        """Values as a person reads them: labels, names of records."""
        model = self.env.get(self.res_model)
        if model is None or not values:
            return False
        texts = []
        for name, value in values.items():
            field = model._fields.get(name)
            if field is None or (self.operation != "write" and not value):
                continue
            label = field._description_string(self.env)
            texts.append(f"{label}: {self._shown_value(field, value, values)}")
        return "\n".join(texts)

    def _shown_value(self, field, value, values):
        target = None
        if field.type == "many2one":
            target = field.comodel_name
        elif field.type == "many2one_reference":
            target = values.get(field.model_field) or self._record()[field.model_field]
        if target and value and target in self.env:
            record = self.env[target].sudo().browse(value).exists()
            return record.display_name if record else f"{target} {value}"
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value or "—")
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        return value or "—"

    def _before_and_after(self):
        """Both texts on one line each."""
        texts = (self.old_text or "—", self.new_text or "—")
        return [", ".join(text.split("\n")) for text in texts]

    def _is_controlled(self):
        """Whether it can loosen what controls money (`_controls` of what it is about)."""
        self.ensure_one()
        if self.env.get(self.res_model) is None:
            return False
        return self._record()._controls(
            self.operation, self.old_values or {}, self.new_values or {}
        )

    def _belongs_to(self, records):
        """Whether it is about a record of one of these, such as a field of a policy.

        :param records: {(model, id)}
        """
        values = (self.old_values or {}) | (self.new_values or {})
        named = self.env[self.res_model]._fields
        return any(
            (named[name].comodel_name, value) in records
            for name, value in values.items()
            if named[name].type == "many2one"
        )

    # ------------------------------------------------------------------ keep
    @api.model
    def _keep(self, change, records, before, after, names=None):
        """Lines for what an edit did: records that are new, differ, or are gone."""
        vals = []
        for record in records:
            old, new = before.get(record.id), after[record.id]
            if old is None:
                vals.append(self._values("create", record, None, new, record.display_name))
            else:
                changed = [name for name in new if old[name] != new[name]]
                if changed:
                    vals.append(
                        self._values(
                            "write",
                            record,
                            {name: old[name] for name in changed},
                            {name: new[name] for name in changed},
                            record.display_name,
                        )
                    )
        for res_id in before.keys() - after.keys():
            gone = records.browse(res_id)
            name = (names or {}).get(res_id) or str(res_id)
            vals.append(self._values("delete", gone, before[res_id], None, name))
        # a record comes before the ones that belong to it, and goes after them
        outermost = not isinstance(self.env.context.get("construction_noting"), Noting)
        places = {"create": 5, "write": 10, "delete": 15}
        for values in vals:
            values["change_id"] = change.id
            values["sequence"] = places[values["operation"]] if outermost else 10
        return self.create(vals)

    @api.model
    def _values(self, operation, record, old, new, name):
        company = (new or old or {}).get("company_id")
        if company is None and operation == "write" and "company_id" in record._fields:
            company = record.sudo().company_id.id
        return {
            "operation": operation,
            "res_model": record._name,
            "res_id": record.id or False,
            "old_values": old,
            "new_values": new,
            "name": f"{record._description} {name}",
            "company_id": company or False,
        }

    @api.model
    def _propose(self, change, record, values):
        """A line of a draft.

        :param record: what is to change; an empty recordset to make a new one
        :param values: the new values, all of them for a new record; None to delete it
        """
        if values is None:
            for name in record._versioned_children:
                for child in record[name]:
                    self._propose(change, child, None)
            old = record._values_now()[record.id]
            vals = self._values("delete", record, old, None, record.display_name)
        elif not record:
            name = values.get(record._rec_name) or self.env._("new")
            vals = self._values("create", record, None, values, name)
        else:
            old = record._values_now(values)[record.id]
            vals = self._values("write", record, old, values, record.display_name)
        return self.create([vals | {"change_id": change.id}])

    # ----------------------------------------------------------------- apply
    def _record(self):
        return self.env[self.res_model].sudo().with_context(active_test=False).browse(self.res_id)

    def _as(self, user):
        """The target as `user`, who needs the rights, past the keeping of direct edits."""
        target = self.env[self.res_model].with_user(user)
        return target.with_context(construction_applying=APPLYING, active_test=False)

    def _apply(self, user):
        """Write the new values.

        :raises UserError: what stands there is not what the proposal started from
        """
        self.ensure_one()
        target = self._as(user)
        if self.operation == "create":
            self._moved(target.create([self.new_values]).id)
            return
        self._expect(self.old_values)
        if self.operation == "write":
            target.browse(self.res_id).write(self.new_values)
        else:
            target.browse(self.res_id).unlink()

    def _undo(self, user):
        """Write the old values; what was deleted comes back under another id, which the
        other lines about it learn."""
        self.ensure_one()
        target = self._as(user)
        if self.operation == "delete":
            self._moved(target.create([self.old_values]).id)
            return
        self._expect(self.new_values)
        record = target.browse(self.res_id)
        record.check_access("write")
        if self.operation == "write":
            record.write(self.old_values)
        else:
            record.sudo().unlink()  # who may write it may take back what a set made

    def _moved(self, res_id):
        """The record is made, again perhaps: every line that speaks of it learns its id."""
        before = self.res_id
        self.res_id = res_id
        if not before:
            return
        same = self.search([("res_model", "=", self.res_model), ("res_id", "=", before)])
        same.write({"res_id": res_id})
        for model in set(self.search([]).mapped("res_model")):
            names = [
                name
                for name, field in self.env[model]._fields.items()
                if field.type == "many2one" and field.comodel_name == self.res_model
            ]
            for line in self.search([("res_model", "=", model)]) if names else ():
                line._replace(names, before, res_id)

    def _replace(self, names, before, after):
        for column in ("old_values", "new_values"):
            values = self[column]
            found = [name for name in names if values and values.get(name) == before]
            if found:
                self[column] = values | dict.fromkeys(found, after)

    def _expect(self, values):
        record = self._record()
        if not record.exists():
            raise UserError(self.env._("%s does not exist any more.", self.name))
        now = record._values_now(values)[record.id]
        if json.loads(json.dumps(now, default=str)) == values:
            return
        later = self.sudo().search(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
                ("change_id.state", "=", "active"),
                ("change_id", "!=", self.change_id.id),
            ]
        )
        latest = later.change_id.sorted("number")[-1:]
        raise UserError(
            self.env._(
                "%(what)s was changed in the meantime (%(by)s). A draft is proposed anew; what "
                "is in force is rolled back latest first.",
                what=self.name,
                by=latest.name or self.env._("outside change control"),
            )
        )

    # ----------------------------------------------------------------- guard
    @api.constrains("res_model", "old_values", "new_values")
    def _check_target(self):
        for line in self:
            model = self.env.get(line.res_model)
            if not isinstance(model, self.env.registry["construction.change.mixin"]):
                raise ValidationError(
                    self.env._("“%s” is not under change control.", line.res_model)
                )
            named = (line.old_values or {}).keys() | (line.new_values or {}).keys()
            unknown = named - set(model._versioned_fields())
            if unknown:
                raise ValidationError(
                    self.env._("Not under change control: %s.", ", ".join(sorted(unknown)))
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()  # it may have moved to another set
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_draft()

    def _check_draft(self):
        if not self.env.su and any(
            change.state not in DRAFT or change.first_approver_id for change in self.change_id
        ):
            raise UserError(self.env._("Only drafts are edited: go back to a draft first."))
