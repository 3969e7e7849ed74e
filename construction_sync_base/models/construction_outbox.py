import json
import uuid
from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..lib import catalogue, outbound, schema_check
from ..lib.strict_json import digest, dumps
from .construction_event import EVIDENCE
from .construction_guard import INTEGRATION_MANAGER, guard
from .construction_issue import OPEN

STATES = [
    ("pending", "Waits"),
    ("sent", "Sent"),
    ("dead", "Given up"),
    ("discarded", "Discarded"),
]


class ConstructionOutbox(models.Model):
    """One fact for one subscriber, written in the transaction of the document it is about: it
    is told when that is committed, and never otherwise.

    `construction.outbox.sender` sends it. What a subscriber took may be sent to it again (the
    line may break before its answer), always with the same id, which it keeps as it keeps ours.
    """

    _name = "construction.outbox"
    _description = "Outbound Event"
    _inherit = ["construction.pointer.mixin"]
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "type"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="restrict"
    )
    subscription_id = fields.Many2one(
        "construction.subscription", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    type = fields.Char(required=True, readonly=True, index=True)
    subject = fields.Char(required=True, readonly=True)
    idempotency_key = fields.Char(
        string="Id", required=True, readonly=True, help="The same for every try."
    )
    payload = fields.Text(readonly=True, required=True, groups=EVIDENCE)
    payload_pretty = fields.Text(
        string="Readable payload", compute="_compute_payload_pretty", groups=EVIDENCE
    )
    data_digest = fields.Char(
        readonly=True, help="Of what a snapshot says: the same again is not told again."
    )
    correlation_id = fields.Char(readonly=True, index="btree_not_null")
    event_id = fields.Many2one(
        "construction.event",
        string="Because of",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", readonly=True)
    created_at = fields.Datetime(string="Happened", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, default="pending", readonly=True)
    attempts = fields.Integer(readonly=True, required=True, default=0)
    next_try_at = fields.Datetime(readonly=True)
    first_failed_at = fields.Datetime(readonly=True)
    failures = fields.Integer(
        readonly=True, required=True, default=0, help="Failed tries in a row; they decide the next."
    )
    sent_at = fields.Datetime(string="Taken", readonly=True)
    last_error = fields.Char(readonly=True)
    try_ids = fields.One2many("construction.outbox.try", "outbox_id", string="Tries", readonly=True)

    _once = models.Constraint("UNIQUE (subscription_id, idempotency_key)", "It is told already.")
    _taken = models.Constraint(
        "CHECK ((state = 'sent') = (sent_at IS NOT NULL))", "What is sent was taken at a time."
    )
    _due = models.Index("(subscription_id, id) WHERE state = 'pending'")
    _in_order = models.Index("(subscription_id, subject, id) WHERE state = 'pending'")
    _of_subject = models.Index("(subscription_id, subject, type, id)")
    _by_record = models.Index("(res_model, res_id)")

    @api.depends("payload")
    def _compute_payload_pretty(self):
        for row in self:
            row.payload_pretty = json.dumps(json.loads(row.payload), indent=2, ensure_ascii=False)

    # ------------------------------------------------------------ telling
    @api.model
    def _types(self):
        """{type: what it tells}; an addon that tells more adds it."""
        return {
            "construction.event.parked.v1": self.env._("An event waits for somebody"),
            "construction.event.failed.v1": self.env._("An event was given up"),
            "construction.document.returned.v1": self.env._("A document was returned"),
            "construction.master.linked.v1": self.env._("Master data was linked"),
        }

    @api.model
    def _linked_objects(self):
        """Objects whose links are told (`master.linked`); never people."""
        return frozenset()

    @api.model
    def _schema_path(self, event_type):
        """File of the schema that says what is told; an addon that tells more has its own."""
        return schema_check.SCHEMAS / "told" / f"{event_type}.json"

    @api.model
    @tools.ormcache(cache="stable")
    def _catalogue(self):
        """{type: `lib.catalogue.TypeVersion`} of all that is told, as published."""
        return {name: catalogue.read(self._schema_path(name)) for name in sorted(self._types())}

    @api.model
    def _awaited(self, event_type):
        """Whether anybody is told about a type: what nobody hears needs not be worked out."""
        return any(
            outbound.wants(one["words"], event_type)
            for one in self.env["construction.subscription"]._listening()
        )

    @api.model
    def _touch(self, event_type, records, detail=None):
        """These are to be told about, as they are when this transaction (or its savepoint) is
        done: several changes of one document are told once. What is rolled back is not told.

        :param detail: what of them, such as the side of a document; each is told apart
        """
        if not records or not self._awaited(event_type):
            return
        hooks = self.env.cr.precommit
        if not hooks.data.get(self._name):
            hooks.data[self._name] = {}
            hooks.add(self.env(su=True)[self._name]._tell_touched)
        key = (event_type, records._name, detail)
        hooks.data[self._name].setdefault(key, {}).update(dict.fromkeys(records.ids))

    @api.model
    def _tell_touched(self):
        self.env.invalidate_all()  # figures that are worked out, as they are now
        facts = []
        for (event_type, model, detail), ids in self.env.cr.precommit.data.pop(self._name).items():
            records = self.env[model].browse(ids).exists()
            facts += records._outbound_facts(event_type, detail)
        self._tell(facts)

    @api.model
    def _tell(self, facts):
        """Write what has to be told. In the transaction of what happened.

        :param facts: dicts of `type`, `subject`, `company_id`, `data`, and maybe `record` (the
            document), `platform_id` (the only platform that is told), `event_id`, `snapshot`
            (the same again is no news), and what an addon's filters need
        :return: the rows
        """
        listening = self.env["construction.subscription"]._listening()
        if not listening or not facts:
            return self.browse()
        pairs = [(fact, one) for fact in facts for one in listening if self._is_meant(fact, one)]
        if not pairs:
            return self.browse()
        outbox = self.sudo()
        told = outbox._complete(pairs)
        now = self.env.cr.now()
        source = f"{self.env['construction.platform'].browse().get_base_url()}/construction_sync"
        moment = fields.Datetime.to_datetime(now).isoformat(timespec="seconds") + "Z"
        keys = defaultdict(lambda: str(uuid.uuid4()))
        values = []
        for (fact, one), (data, event) in zip(pairs, told, strict=True):
            key = keys[id(fact)]
            correlation = event.correlation_id or key
            body = outbound.event(
                key, source, fact["type"], fact["subject"], moment, data, correlation
            )
            said = {name: value for name, value in data.items() if name != "caused_by"}
            values.append(
                {
                    "data_digest": digest(said) if fact.get("snapshot") else False,
                    "platform_id": one["platform_id"],
                    "subscription_id": one["id"],
                    "company_id": fact["company_id"],
                    "type": fact["type"],
                    "subject": fact["subject"],
                    "idempotency_key": key,
                    "payload": dumps(body),
                    "correlation_id": correlation,
                    "event_id": event.id,
                    "res_model": fact["record"]._name if fact.get("record") else False,
                    "res_id": fact["record"].id if fact.get("record") else False,
                    "created_at": now,
                    "next_try_at": now,
                }
            )
        rows = outbox.create(outbox._without_repeats(values))
        self.env["construction.outbox.sender"]._wake(rows.subscription_id.ids)
        return rows

    def _without_repeats(self, values):
        """Without snapshots that say what the last one of the same subject said."""
        subjects = list({vals["subject"] for vals in values if vals["data_digest"]})
        if not subjects:
            return values
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (subscription_id, type, subject)
                   subscription_id, type, subject, data_digest
              FROM construction_outbox
             WHERE subscription_id = ANY(%s) AND subject = ANY(%s) AND state <> 'discarded'
             ORDER BY subscription_id, type, subject, id DESC
            """,
            (list({vals["subscription_id"] for vals in values}), subjects),
        )
        last = {tuple(row[:3]): row[3] for row in self.env.cr.fetchall()}
        return [
            vals
            for vals in values
            if not vals["data_digest"]
            or vals["data_digest"]
            != last.get((vals["subscription_id"], vals["type"], vals["subject"]))
        ]

    @api.model
    def _is_meant(self, fact, one):
        """Whether a subscription is told a fact.

        :param one: of `construction.subscription._listening`
        """
        return (
            outbound.wants(one["words"], fact["type"])
            and fact["company_id"] in one["company_ids"]
            and fact.get("platform_id", one["platform_id"]) == one["platform_id"]
        )

    def _complete(self, pairs):
        """What every event says besides what is told: the document, its links, what caused it.

        :param pairs: list of (fact, subscription)
        :return: list of (data, event that caused it, maybe empty), in their order
        """
        links = self._links([fact["record"] for fact, _one in pairs if fact.get("record")])
        events = self.env["construction.event"].browse
        completed = []
        for fact, _one in pairs:
            record = fact.get("record")
            bindings = links.get((record._name, record.id)) if record else None
            bindings = bindings or self.env["construction.binding"]
            event = events(fact.get("event_id")) or bindings.event_ids.sorted("id")[-1:]
            data = dict(fact["data"])
            if record:
                data["document"] = {
                    "model": record._name,
                    "number": fact.get("number") or record.display_name,
                    "url": f"{record.get_base_url()}/odoo/{record._name}/{record.id}",
                }
                data["links"] = [
                    {"platform": one.platform_id.key, "external_id": one.external_id}
                    for one in bindings
                ]
            data["caused_by"] = {"correlation_id": event.correlation_id} if event else {}
            if event:
                data["caused_by"]["event_id"] = event.event_id
            completed.append((data, event))
        return completed

    def _links(self, records):
        """{(model, id): bindings} of the platforms' records that these stand for"""
        by_model = defaultdict(set)
        for record in records:
            by_model[record._name].add(record.id)
        found = self.env["construction.binding"]
        for model, ids in by_model.items():
            found |= found.search(
                [("res_model", "=", model), ("res_id", "in", list(ids)),
                 ("tombstone", "=", False), ("unlinked", "=", False)]
            )  # fmt: skip
        return found.grouped(lambda one: (one.res_model, one.res_id))

    # ------------------------------------------------------------- buttons
    @guard("replay", INTEGRATION_MANAGER)
    def _check_operator(self):
        return self.env._("Integration Managers send again, or discard, what is told.")

    def action_replay_dialog(self):
        return self.env["construction.reason"]._ask(self, "send_again")

    def action_discard_dialog(self):
        return self.env["construction.reason"]._ask(self, "not_send")

    def action_replay(self, reason):
        """Send again, with the same id: a subscriber that has it changes nothing.

        :raises UserError: no reason
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is sent again."))
        rows = self.sudo().try_lock_for_update().filtered(lambda row: row.state != "pending")
        rows.write(
            {
                "state": "pending",
                "sent_at": False,
                "failures": 0,
                "first_failed_at": False,
                "next_try_at": self.env.cr.now(),
            }
        )
        rows._close_issues()
        self.env["construction.audit"].sudo()._record(rows, "sent_again", {"reason": reason})
        self.env["construction.outbox.sender"]._wake(rows.subscription_id.ids)
        return True

    def action_discard(self, reason):
        """Never send it. What waits behind it goes on.

        :raises UserError: no reason, or all of it was taken
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is not sent."))
        rows = self.sudo().try_lock_for_update()
        rows = rows.filtered(lambda row: row.state in ("pending", "dead"))
        if not rows:
            raise UserError(self.env._("It was sent already, or is being sent right now."))
        rows.write({"state": "discarded"})
        rows._close_issues()
        self.env["construction.audit"].sudo()._record(rows, "not_sent", {"reason": reason})
        self.env["construction.outbox.sender"]._wake(rows.subscription_id.ids)
        return True

    # ---------------------------------------------------------- dead letters
    def _open_issue(self, text):
        """Tell a person that messages cannot be delivered: once for each subscriber, however
        many there are."""
        issues = self.env["construction.issue"].sudo()
        for one in self.subscription_id - self._with_issue().subscription_id:
            issues._open_issues(
                [
                    {
                        "platform_id": one.platform_id.id,
                        "company_id": one.company_id.id,
                        "category": "platform_error",
                        "severity": "high",
                        "blocking": False,
                        "wait_key": one._issue_key(),
                        "message": self.env._(
                            "%(subscriber)s did not take what it was told for 72 hours: %(text)s",
                            subscriber=one.name,
                            text=text,
                        ),
                        "suggestion": self.env._(
                            "See what it answers in the outbox; send again once that is mended."
                        ),
                    }
                ]
            )

    def _with_issue(self):
        """Those whose subscriber has an open issue."""
        found = self._issues().mapped("wait_key")
        return self.filtered(lambda row: row.subscription_id._issue_key() in found)

    def _issues(self):
        keys = [one._issue_key() for one in self.subscription_id]
        return (
            self.env["construction.issue"]
            .sudo()
            .search([("wait_key", "in", keys), ("state", "in", OPEN)])
        )

    def _close_issues(self):
        """Where nothing is given up any more."""
        self.env.flush_all()
        still = self.sudo().search(
            [("subscription_id", "in", self.subscription_id.ids), ("state", "=", "dead")]
        )
        done = self.filtered(lambda row: row.subscription_id not in still.subscription_id)
        done._issues()._close("resolved", self.env._("sent again or discarded"))
