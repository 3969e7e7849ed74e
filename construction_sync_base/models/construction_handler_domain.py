from odoo import models

from ..lib.batch import Candidate
from ..lib.errors import AmountError
from .construction_resolver import ref_key, ref_keys, wait_key


class DomainHandler(models.AbstractModel):
    """What the handlers of the construction domain share: companies, references, codes
    and amounts, looked up for a whole batch at a time."""

    _name = "construction.handler.domain"
    _inherit = "construction.handler"
    _description = "Construction domain handler"

    # ------------------------------------------------------------- companies
    def _entity_companies(self, items):
        """Company of each item by its `legal_entity`: {item id: company or None}.

        None where the event names none. A value that the platform's allow-list does not
        resolve parks the item as an ownership conflict.
        """
        platform = self.env["construction.platform"].sudo().browse(items[0].platform_id)
        named = {item.data.get("legal_entity") for item in items} - {None, ""}
        targets = self.env["construction.resolver"]._codes(
            "legal_entity", named, platform.id, platform.company_id.id
        )
        result = {}
        for item in items:
            entity = item.data.get("legal_entity")
            result[item.id] = None
            if not entity:
                continue
            model, res_id = targets.get(entity, (None, None))
            if model == "res.company" and res_id in platform.company_ids.ids:
                result[item.id] = self.env["res.company"].browse(res_id)
            else:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "Legal entity “%(entity)s” is not one of the companies that platform "
                        "%(platform)s may write to.",
                        entity=entity,
                        platform=platform.name,
                    ),
                    wait=f"legal_entity|{entity}",
                    suggestion=self.env._(
                        "Map it in the crosswalk and put the company on the platform's list."
                    ),
                )
        return result

    def _owned(self, items, model):
        """Of records that a company has to itself: what is bound already, {item id: record},
        and [(item, company)] of what goes on. The company is that of the `legal_entity`, else
        the record's own, else the platform's."""
        entities, known = self._entity_companies(items), self._split_new(items, model)
        default = self.env["construction.platform"].sudo().browse(items[0].platform_id).company_id
        owned = []
        for item in items:
            if not item.blocked:
                own = known[item.id].company_id if item.id in known else default
                company = entities[item.id] or own
                item.company_id = company.id
                owned.append((item, company))
        return known, owned

    def _lists(self, items):
        """{item id: (job, company)} of codes: the list of the job that the item names, of its
        company, or, with both empty, the shared one."""
        entities, shared = self._entity_companies(items), self._list_company(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data.get("job"), self.env._("Job")
        )
        result = {}
        for item in items:
            job = jobs.get(item.id, self.env["project.project"])
            result[item.id] = (job, job.company_id or entities[item.id] or shared)
        return result

    def _list_company(self, items):
        """Company of records that belong to no job and name no entity: the only company
        the platform serves; empty (shared) where it serves several."""
        platform = self.env["construction.platform"].sudo().browse(items[0].platform_id)
        if len(platform.company_ids) == 1:
            return platform.company_id
        return self.env["res.company"]

    # --------------------------------------------------------------- notices
    def _waiting_text(self, document, name=None):
        return self.env._(
            "%(document)s waits for %(who)s.",
            document=name or document.display_name,
            who=document.approval_waiting_for or self.env._("an approval"),
        )

    def _notice_waiting(self, item, document, name=None):
        """Say on the event's issue who has to decide about what it made."""
        item.notice("approval", self._waiting_text(document, name))

    # ------------------------------------------------------------ references
    def _named_commitments(self, items, getter=lambda item: item.external_id):
        """Orders that the items name, as `_resolve` gives them."""
        label = self.env._("Commitment")
        return self._resolve(items, "commitment", "purchase.order", getter, label)

    def _resolve(self, items, object_name, model, getter, label):
        """Records that the items name, {item id: record}; parks an item whose reference
        leads nowhere yet and lets it resume when the record appears.

        :param getter: function item → reference of the contract, or None
        :param label: translated name of the object, for the message
        """
        keys = {item.id: ref_keys(getter(item)) for item in items}
        platform = self.env["construction.platform"].sudo().browse(items[0].platform_id)
        found = self.env["construction.resolver"]._records(
            platform.id,
            object_name,
            [key for group in keys.values() for key in group],
            platform.company_ids.ids,
        )
        ids = {res_id for target, res_id in found.values() if target == model and res_id}
        existing = {record.id: record for record in self.env[model].browse(ids).exists()}
        result = {}
        for item in items:
            if not keys[item.id]:
                continue
            targets = [found.get(key, (None, None)) for key in keys[item.id]]
            records = {
                res_id: existing[res_id]
                for target, res_id in targets
                if target == model and res_id in existing
            }
            if len(records) == 1:
                result[item.id] = next(iter(records.values()))
                continue
            key = keys[item.id][-1]
            names = {"label": label, "value": key[1]}
            if records:
                self._park_torn(item, object_name, key, records.values(), names)
                continue
            deleted = any(res_id for _target, res_id in targets)
            item.park(
                "unmapped_reference",
                self.env._("%(label)s “%(value)s” was deleted in Odoo.", **names)
                if deleted
                else self.env._("%(label)s “%(value)s” is not known in Odoo yet.", **names),
                wait=wait_key(object_name, key),
                suggestion=self.env._(
                    "It resumes by itself when the platform sends it; or map it by hand."
                ),
            )
        return result

    def _park_torn(self, item, object_name, key, records, names):
        """Our id leads to one record, the platform's own to another."""
        item.park(
            "ownership_conflict",
            self.env._(
                "%(label)s “%(value)s” is bound to one record and its origin id names another: "
                "%(records)s.",
                records=", ".join(record.display_name for record in records),
                **names,
            ),
            wait=wait_key(object_name, key),
            suggestion=self.env._("Choose the right one with “Map and resume”."),
        )

    def _refuse_sub_jobs(self, items):
        """A budget or commitment is of one job here. A line for a sub job would be coded
        to the wrong one, so it is a question instead."""
        for item in items:
            for position, line in enumerate(item.data.get("lines") or (), start=1):
                if line.get("sub_job") and ref_key(line["sub_job"]) != ref_key(item.data["job"]):
                    item.park(
                        "unmapped_reference",
                        self.env._(
                            "lines[%(line)s] belongs to sub job “%(sub)s”, the document to "
                            "another job.",
                            line=position,
                            sub=ref_key(line["sub_job"])[1],
                        ),
                        suggestion=self.env._("The platform sends one document per sub job."),
                    )

    def _park_loop(self, item, record, parent):
        """Park what would put a record of a tree below itself; whether it would."""
        loop = parent.parent_path.startswith(record.parent_path)
        if loop:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(record)s would be a part of itself: %(parent)s is below it.",
                    record=record.display_name,
                    parent=parent.display_name,
                ),
                suggestion=self.env._("The platform has to send another parent."),
            )
        return loop

    # --------------------------------------------------------------- amounts
    def _number(self, item, parse, value, path, *args, **kwargs):
        """A number of the contract, or None after parking the item as `amount`."""
        try:
            return parse(value, *args, **kwargs)
        except AmountError as error:
            item.park(
                "amount",
                f"{path}: {self._told(error)}",
                suggestion=self.env._("The platform has to send a corrected version."),
            )
            return None

    def _told(self, error):
        """What an `AmountError` of the pure core says, in the user's language."""
        return self.env._(error.text, **error.values)

    def _currencies(self, items):
        """{code: currency} of what the items name, inactive ones included."""
        codes = {item.data.get("currency") for item in items}
        found = self.env["res.currency"].with_context(active_test=False)
        return {c.name: c for c in found.search([("name", "in", list(codes - {None}))])}

    def _currency(self, item, currencies, expected=None):
        """The active currency that the event names; parks the item otherwise.

        :param currencies: from `_currencies`
        :param expected: the currency it has to be, where the event names a contract or a
            job whose figures are kept in one currency
        """
        code = item.data.get("currency")
        currency = currencies.get(code)
        if not currency or not currency.active:
            item.park(
                "amount",
                self.env._("Currency “%s” is not active in Odoo.", code),
                wait=f"currency|{code}",
                suggestion=self.env._("Activate the currency and give it a rate, then resume."),
            )
            return None
        if expected and currency != expected:
            item.park(
                "amount",
                self.env._(
                    "The event is in %(code)s, it has to be in %(expected)s.",
                    code=code,
                    expected=expected.name,
                ),
            )
            return None
        return currency

    # -------------------------------------------------------------- bindings
    def _bindings(self, object_name, *conditions):
        """Bindings of one kind of record."""
        return (
            self.env["construction.binding"]
            .sudo()
            .search([("object", "=", object_name), *conditions])
        )

    def _bindings_of(self, items, object_name, *conditions):
        """Those of what the items stand for, on their platform."""
        return self._bindings(
            object_name,
            ("platform_id", "=", items[0].platform_id),
            ("external_id", "in", [item.external_id for item in items]),
            *conditions,
        )

    # ------------------------------------------------------- typed by hand
    def _bound(self, object_name, model, ids, platform_id=None):
        """Ids among `ids` to which a record that lives at this platform is bound, or at any."""
        if not ids:
            return set()
        of_platform = [("platform_id", "=", platform_id)] if platform_id else ()
        bindings = self._bindings(
            object_name,
            *of_platform,
            ("res_model", "=", model),
            ("res_id", "in", list(ids)),
            ("unlinked", "=", False),
            ("tombstone", "=", False),
        )
        return set(bindings.mapped("res_id"))

    def _never_applied(self, items):
        """Ids of the items whose record a person bound, and of which no event was applied."""
        bindings = self._bindings_of(
            items,
            items[0].object,
            ("version", "=", False),
            ("version_time", "=", False),
            ("content_digest", "=", False),
        )
        untouched = set(bindings.mapped("external_id"))
        return {item.id for item in items if item.external_id in untouched}

    def _candidates(self, records, differences):
        """Candidates of a problem.

        :param differences: for each record the sentences that say how it differs
        """
        return tuple(
            Candidate(record._name, record.id, "; ".join(found) or self.env._("no difference"))
            for record, found in zip(records, differences, strict=True)
        )

    def _audit_adopted(self, item, record, rule, differences=()):
        """The trail of an event that found its record typed by hand.

        :param rule: what was the same, in plain words
        """
        self.env["construction.audit"].sudo()._record(
            record,
            "record_adopted",
            {
                "event": item.id,
                "external_id": item.external_id,
                "same": rule,
                "differences": list(differences),
            },
        )

    def _split_new(self, items, model):
        """Which items meet a record that is bound already: {item id: record}."""
        found = self.env["construction.resolver"]._records(
            items[0].platform_id,
            items[0].object,
            [("external", item.external_id) for item in items],
        )
        ids = {
            item.id: found[("external", item.external_id)][1]
            for item in items
            if found.get(("external", item.external_id), (None, None))[1]
        }
        existing = {r.id: r for r in self.env[model].browse(set(ids.values())).exists()}
        self._refuse_merged(items)
        return {item_id: existing[i] for item_id, i in ids.items() if i in existing}

    def _refuse_merged(self, items):
        """What was merged into another record says nothing about that one."""
        merged = self.env["construction.resolver"]._merged(
            items[0].platform_id, items[0].object, [item.external_id for item in items]
        )
        for item in items:
            if item.external_id in merged:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "The platform merged “%(merged)s” into “%(master)s” and sends it again.",
                        merged=item.external_id,
                        master=merged[item.external_id],
                    ),
                    suggestion=self.env._(
                        "Discard the event, or bind it to a record of its own with “Map and "
                        "resume”."
                    ),
                    wait=f"external:{item.object}|{item.external_id}",
                )

    def _create_bound(self, model, rows):
        """Create what is new and bind it; the records in the order of the rows.

        :param rows: list of (item, values)
        """
        records = self.env[model].create([values for _item, values in rows])
        for (item, _values), record in zip(rows, records, strict=True):
            item.bind(record)
        return records

    def _changed(self, record, values):
        """The part of `values` that differs from what the record holds."""
        changed = {}
        for name, value in values.items():
            field = record._fields[name]
            current = record[name]
            if field.relational:
                current = current.ids if field.type == "many2many" else current.id
            elif field.type == "reference":
                current = current and f"{current._name},{current.id}"
            elif field.type in ("date", "datetime") and current:
                value = field.to_string(value) if not isinstance(value, str) else value
                current = field.to_string(current)
            if (current or False) != (value or False):
                changed[name] = value
        return changed
