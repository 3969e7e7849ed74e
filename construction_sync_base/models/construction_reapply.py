from odoo import api, models

from ..lib import compare, money
from .construction_apply import ROW_COLUMNS


class ConstructionReapply(models.AbstractModel):
    """Takes events that were applied, and ones that wait, through their ordinary handlers
    once more, and says what of the documents differs afterwards.

    Only snapshots are taken again, and of each object only the version that was applied
    last: a movement happened once. What is closed, cancelled or archived takes no change
    and is left as it is.
    """

    _name = "construction.reapply"
    _description = "Reapplication of Events"

    @api.model
    def _compared(self):
        """{model: `lib.compare.Compared`} of the documents that events make; the domain
        fills it."""
        return {}

    @api.model
    def _types(self):
        """Event types that are taken again."""
        handlers = self.env["construction.handler"]
        return [name for name in handlers._names() if handlers._for_type(name)._replaces]

    @api.model
    def _rows(self, event_ids):
        self.env.cr.execute(
            f"SELECT {ROW_COLUMNS} FROM construction_event WHERE id = ANY(%s) ORDER BY id",
            (list(event_ids),),
        )
        rows = self.env.cr.dictfetchall()
        for row in rows:
            row["applied"] = row["state"] == "processed" or bool(row["replaying"])
            row["replaying"] = row["applied"]
        return rows

    # ---------------------------------------------------------------- go
    @api.model
    def _go(self, platform, rows):
        """Run the handlers. Every row has an outcome after it; `skipped` are those that a
        newer version makes moot.

        :return: {event id: `lib.batch.Item`} of the rows that were not skipped
        """
        applier = self.env["construction.apply"]
        self.env["construction.version.guard"]._decide(platform.id, rows)
        for row in rows:
            row["skipped"] = bool(row.get("outcome"))
        items = {row["id"]: applier._item(row) for row in rows if not row["skipped"]}
        worker = applier._as_service_user(platform)
        for wave in applier._waves(rows):
            applier._run_wave(worker, [(row, items[row["id"]]) for row in wave])
        for row in rows:
            row["skipped"] = row["skipped"] or row["outcome"][0] == "blocked"
            row["left"] = bool(
                not row["skipped"] and row["applied"] and _only_closed(row, items[row["id"]])
            )
        return items

    # ----------------------------------------------------------- readings
    @api.model
    def _readings_of(self, items):
        """{event id: reading of the document that stands for its object}, where there is
        one."""
        bindings = (
            self.env["construction.binding"]
            .sudo()
            .search(
                [
                    ("platform_id", "in", list({item.platform_id for item in items})),
                    ("external_id", "in", list({item.external_id for item in items})),
                    ("res_id", "!=", False),
                ]
            )
        )
        targets = {
            (b.platform_id.id, b.object, b.external_id): (b.res_model, b.res_id) for b in bindings
        }
        wanted = {
            item.id: targets.get((item.platform_id, item.object, item.external_id))
            for item in items
        }
        readings = self._readings(target for target in wanted.values() if target)
        return {
            event_id: readings[target] for event_id, target in wanted.items() if target in readings
        }

    @api.model
    def _readings(self, targets):
        """{(model, id): `lib.compare.Reading`} of the documents that still exist."""
        by_model = {}
        for model, res_id in set(targets):
            by_model.setdefault(model, set()).add(res_id)
        result = {}
        for model, spec in self._compared().items():
            records = self.env[model].sudo().with_context(active_test=False)
            for record in records.browse(sorted(by_model.get(model, ()))).exists():
                result[model, record.id] = self._reading(record, spec)
        return result

    def _reading(self, record, spec):
        values = {self._label(record, name): _text(record, name, self.env) for name in spec.fields}
        lines = record[spec.lines].sorted("id") if spec.lines else ()
        for position, line in enumerate(lines, start=1):
            ref = line[spec.line_ref] or f"#{position}"
            for name in spec.line_fields:
                where = self.env._(
                    "%(field)s, line %(line)s", field=self._label(line, name), line=ref
                )
                values[where] = _text(line, name, self.env)
        currency = record[spec.currency] if spec.amount else None
        amount = (
            money.from_float(record[spec.amount], currency.decimal_places) if spec.amount else None
        )
        return compare.Reading(
            record._name, record.id, record.display_name, values, amount,
            currency.id if currency else None,
        )  # fmt: skip

    def _label(self, record, name):
        return record._fields[name]._description_string(self.env)

    # ------------------------------------------------------------ findings
    @api.model
    def _findings(self, rows, items, before):
        """Values of `construction.change.diff` for what came of the rows.

        :param before: `_readings_of` before they were applied
        """
        self.env.flush_all()
        self.env.invalidate_all()
        taken = [items[row["id"]] for row in rows if not row["skipped"] and not row["left"]]
        after = self._readings(
            (bound["res_model"], bound["res_id"])
            for item in taken
            for bound in item.bindings
            if bound["object"] == item.object and bound["res_id"]
        )
        found = []
        for row in rows:
            if row["skipped"] or row["left"]:
                continue
            item = items[row["id"]]
            base = {
                "event_id": row["id"],
                "platform_id": row["platform_id"],
                "company_id": item.company_id,
            }
            state = row["outcome"][0]
            if state == "processed":
                found += self._document_findings(item, before.get(row["id"]), after, base)
            elif row["applied"]:
                found.append(
                    base
                    | {
                        "outcome": "issue",
                        "document": before[row["id"]].name if row["id"] in before else False,
                        "value_then": "\n".join(p.message for p in item.problems),
                    }
                )
        return found

    def _document_findings(self, item, now, after, base):
        bound = next((b for b in item.bindings if b["object"] == item.object), None)
        then = bound and after.get((bound["res_model"], bound["res_id"]))
        if not then:
            return []
        base = base | {
            "res_model": then.model,
            "res_id": then.id,
            "document": then.name,
            "currency_id": then.currency_id,
        }
        if not now:
            return [base | {"outcome": "new", "amount_difference": float(then.amount or 0)}]
        return [
            base
            | {
                "outcome": "changed",
                "document": now.name,
                "field_name": difference.where,
                "value_now": difference.now,
                "value_then": difference.then,
                "amount_difference": float(difference.amount),
            }
            for difference in compare.differences(now, then)
        ]


def _only_closed(row, item):
    blocking = [problem for problem in item.problems if problem.blocking]
    return row["outcome"][0] == "parked" and all(p.category == "inactive_target" for p in blocking)


def _text(record, name, env):
    """A field's value as text."""
    field, value = record._fields[name], record[name]
    if field.relational:
        return ", ".join(value.mapped("display_name"))
    if field.type == "selection":
        return dict(field._description_selection(env)).get(value, "")
    if field.type == "boolean":
        return env._("yes") if value else env._("no")
    if field.type in ("float", "monetary"):
        return f"{money.from_float(value, 8).normalize():f}"
    return str(value or "")
