from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.base.models.res_partner import _tz_get

from ..lib import pages, paths, since
from .construction_guard import INTEGRATION_MANAGER, guard

OUTAGE = timedelta(hours=12)  # platforms discard what they could not send for so long
EXPRESSIONS = ("records_path", "id_path", "changed_path")
# where a list is read from: with another one, what was read before says nothing
PLACE = {"path", "query", "scope_key", "since_field", "since_form", "changed_path", "platform_id"}
# moved by the buttons and the poller
KEPT = {"state", "mark", "next_at", "served_at", "last_success_at", "last_compared_at",
        "last_error", "last_error_at", "failures", "first_failed_at"}  # fmt: skip


class ConstructionResource(models.Model):
    """A list of a platform that Odoo reads: where it is, how its pages are asked for, from which
    mark on, and how often. One row for each list, and for each scope where a platform has a
    list of its own for each of them.

    The row owns the state; a job only wakes it (`construction.poller`).
    """

    _name = "construction.resource"
    _description = "Polled Resource"
    _check_company_auto = True
    _order = "platform_id, name, scope_key, id"

    name = fields.Char(required=True, help="What is listed, such as Vendors.")
    platform_id = fields.Many2one(
        "construction.platform", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    # --------------------------------------------------------------- where
    scope_key = fields.Char(
        string="Scope", help="Where each of them has a list of its own: its id at the platform."
    )
    path = fields.Char(
        required=True, help="Behind the platform's address for calls. {scope} is the scope."
    )
    query = fields.Char(
        string="Fixed query fields", help="Such as company_id=5&filters[status]=approved"
    )
    records_path = fields.Char(
        string="Records", help="Expression for the list in the answer. Empty: the answer is it."
    )
    id_path = fields.Char(string="Id of a record", required=True, default="id")
    object = fields.Char(
        string="Objects", help="Their name in the catalogue of events, to compare what is known."
    )
    form = fields.Selection(
        [("events", "Canonical events, as they are")],
        string="Records are",
        required=True,
        default="events",
    )
    # --------------------------------------------------------------- pages
    style = fields.Selection(
        [
            ("link", "Numbered pages, Link header"),
            ("offset", "Offset and limit"),
            ("cursor", "Cursor in the answer"),
            ("single", "All in one answer"),
        ],
        string="Pages",
        required=True,
        default="link",
    )
    page_size = fields.Integer(required=True, default=100)
    page_field = fields.Char(
        string="Query field of the page", help="Empty: page, offset or cursor."
    )
    size_field = fields.Char(string="Query field of the size", help="Empty: per_page or limit.")
    next_path = fields.Char(
        string="Next cursor", help="Names down to it in the answer, such as meta.next"
    )
    # --------------------------------------------------------------- since
    since_field = fields.Char(
        string="Query field of “changed since”", help="Empty: the whole list is read each time."
    )
    since_form = fields.Selection(
        [
            ("instant", "2026-10-31T17:00:00Z"),
            ("range", "“2026-10-31T17:00:00Z...2026-11-01T17:00:00Z”"),
            ("day", "2026-10-31"),
            ("seconds", "Seconds since 1970"),
            ("milliseconds", "Milliseconds since 1970"),
            ("number", "A number that rises"),
        ],
        string="Written as",
        required=True,
        default="instant",
    )
    changed_path = fields.Char(
        string="Change of a record", help="Expression for when it changed, or its number."
    )
    overlap = fields.Integer(
        string="Read again",
        required=True,
        default=900,
        help="Seconds, or numbers, before the mark from which on it is asked again.",
    )
    # ------------------------------------------------------------ schedule
    interval_minutes = fields.Integer(string="Every", required=True, default=15)
    opens = fields.Float(string="From", help="Hour of the day; equal to the end: at any time.")
    closes = fields.Float(string="Until")
    time_zone = fields.Selection(
        _tz_get, required=True, default=lambda self: self.env.user.tz or "UTC"
    )
    compare_days = fields.Integer(
        string="Compare every", default=7, help="Days; 0: only by the button."
    )
    # --------------------------------------------------------------- state
    state = fields.Selection(
        [("stopped", "Stopped"), ("ready", "On schedule"), ("refused", "Refused")],
        required=True,
        default="stopped",
        readonly=True,
        copy=False,
    )
    mark = fields.Char(string="Read up to", readonly=True, copy=False)
    next_at = fields.Datetime(string="Next reading", readonly=True, copy=False, index=True)
    served_at = fields.Datetime(string="Had its turn", readonly=True, copy=False)
    last_success_at = fields.Datetime(string="Last success", readonly=True, copy=False)
    last_compared_at = fields.Datetime(string="Compared", readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    last_error_at = fields.Datetime(readonly=True, copy=False)
    failures = fields.Integer(string="Failures in a row", readonly=True, copy=False)
    first_failed_at = fields.Datetime(readonly=True, copy=False)
    run_ids = fields.One2many("construction.resource.run", "resource_id", readonly=True)
    running = fields.Boolean(compute="_compute_running", search="_search_running")
    progress = fields.Float(compute="_compute_running")

    _identity = models.UniqueIndex(
        "(platform_id, name, COALESCE(scope_key, ''))",
        "The platform has a resource of this name and scope already.",
    )
    _path_below = models.Constraint(
        "CHECK (path ~ '^/[^/?#[:space:]][^?#[:space:]]*$')",
        "A path begins with one slash and has no query: use the fixed query fields.",
    )
    _sane = models.Constraint(
        "CHECK (page_size BETWEEN 1 AND 1000 AND overlap >= 0 AND interval_minutes >= 1"
        " AND compare_days >= 0 AND opens >= 0 AND opens < 24 AND closes >= 0 AND closes < 24)",
        "Pages have 1 to 1,000 records, hours lie between 0 and 24, and it is read every minute "
        "at the most.",
    )
    _mark_is_read = models.Constraint(
        "CHECK (since_field IS NULL OR changed_path IS NOT NULL)",
        "Where only changes are asked for, say where a record tells when it changed.",
    )
    _cursor_is_found = models.Constraint(
        "CHECK (style <> 'cursor' OR next_path IS NOT NULL)",
        "Say where the answer has the next cursor.",
    )

    def init(self):
        """Which ids a list had in which reading: how a reading sees that the list moves under
        it, and what a scope's list had before."""
        self.env.cr.execute("""
            CREATE TABLE IF NOT EXISTS construction_resource_seen (
                resource_id integer NOT NULL REFERENCES construction_resource ON DELETE CASCADE,
                external_id varchar NOT NULL, run_id integer NOT NULL, pass integer NOT NULL,
                PRIMARY KEY (resource_id, external_id)
            )
        """)

    @api.depends("name", "scope_key", "platform_id.name")
    def _compute_display_name(self):
        for resource in self:
            parts = (resource.platform_id.name, resource.name, resource.scope_key)
            resource.display_name = " / ".join(filter(None, parts))

    @api.depends("run_ids.state", "run_ids.listed", "run_ids.total")
    def _compute_running(self):
        by_resource = self._running().grouped("resource_id")
        for resource in self:
            run = by_resource.get(resource)
            resource.running = bool(run)
            resource.progress = run.progress if run else 0.0

    def _search_running(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("run_ids.state", "in", ["running"])] if True in value else [
            "!", ("run_ids.state", "in", ["running"])
        ]  # fmt: skip

    # ------------------------------------------------------------- checks
    @api.constrains(*EXPRESSIONS)
    def _check_expressions(self):
        for resource in self:
            for name in EXPRESSIONS:
                try:
                    if resource[name]:
                        paths.check(resource[name])
                except paths.Unreadable as error:
                    raise ValidationError(
                        self.env._(
                            "“%(expression)s” cannot be read: %(why)s",
                            expression=resource[name],
                            why=str(error),
                        )
                    ) from None

    @api.constrains("path", "scope_key")
    def _check_scope(self):
        for resource in self:
            if "{scope}" in (resource.path or "") and not resource.scope_key:
                raise ValidationError(
                    self.env._("%s: say which scope is read, or leave it out of the path.",
                               resource.name)
                )  # fmt: skip

    def write(self, vals):
        """Whoever reads another list begins at its beginning."""
        if KEPT & vals.keys() and not self.env.su:
            raise UserError(self.env._("Readings are started and stopped by their buttons."))
        moved = PLACE & vals.keys()
        changed = self.filtered(lambda one: any(one[name] != vals[name] for name in moved))
        result = super().write(vals)
        if changed:
            changed.sudo()._begin_anew()
        if not self.env.su:
            self.env["construction.audit"].sudo()._record(self, "resource_changed", vals)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(KEPT & vals.keys() for vals in vals_list):
            raise UserError(self.env._("Readings are started and stopped by their buttons."))
        return super().create(vals_list)

    def copy_data(self, default=None):
        found = super().copy_data(default)
        for resource, values in zip(self, found, strict=True):
            if not {"name", "scope_key"} & (default or {}).keys():
                values["name"] = self.env._("%s (copy)", resource.name)
        return found

    def _begin_anew(self):
        self._running()._end("failed", self.env._("Another list is read since."))
        self.write({"mark": False})

    # ------------------------------------------------------------ settings
    def _style(self):
        return pages.style_of(
            self.style, self.page_size, self.page_field, self.size_field, self.next_path
        )

    def _address(self):
        return self.path.replace("{scope}", quote(self.scope_key or "", safe=""))

    def _fields_of(self, position, since_text):
        """Pairs of query fields of one page."""
        fixed = parse_qsl(self.query or "", keep_blank_values=True)
        told = [(self.since_field, since_text)] if since_text else []
        return [*fixed, *told, *position.items()]

    # ------------------------------------------------------------ readings
    def _running(self):
        return self.env["construction.resource.run"].search(
            [("resource_id", "in", self.ids), ("state", "=", "running")]
        )

    def _due_kind(self):
        """A comparison every so many days, else what changed."""
        days, compared = self.compare_days, self.last_compared_at
        due = days and compared and fields.Datetime.now() - compared > timedelta(days=days)
        return "comparison" if due and self.object else "poll"

    def _begin(self, kind):
        """A new reading. One of changes starts at the mark; without a mark, or after an outage
        in which the platform may have thrown away what it had to tell, it is a backfill."""
        now, since_text = datetime.now(UTC), False
        if kind == "poll":
            if self.since_field and self.mark:
                since_text = since.asked(self.since_form, self.mark, self.overlap, now)
            heard = self.last_success_at
            if not since_text or not heard or now.replace(tzinfo=None) - heard > OUTAGE:
                kind = "backfill"
        return self.env["construction.resource.run"].create(
            {"resource_id": self.id, "kind": kind, "since_text": since_text}
        )

    # ------------------------------------------------------------- buttons
    @guard("connect", INTEGRATION_MANAGER)
    def _check_operator(self):
        return self.env._("Integration Managers start and stop readings.")

    def action_poll(self):
        """Read what changed now; a reading that waits goes on at once."""
        return self._request("poll")

    def action_load_all(self):
        """Read the whole list once more, from its beginning."""
        return self._request("backfill")

    def action_compare(self):
        """Read the whole list and compare its ids with what is known here."""
        return self._request("comparison")

    def _request(self, kind):
        self._check_operator()
        poller = self.env["construction.poller"].sudo()
        for resource in self.sudo():
            running = resource._running()
            if running and kind != "poll":
                raise UserError(
                    self.env._("%s is being read. Stop it first, or wait.", resource.name)
                )
            if not running:
                resource._begin(kind)
            resource._go_on()
        self.env["construction.audit"].sudo()._record(self, "resource_read", {"kind": kind})
        poller._wake(self.ids, doubled=True)
        return True

    def action_stop(self):
        """Nothing is read until somebody lets it; what was read of a list stays."""
        self._check_operator()
        why = self.env._("Stopped by %s.", self.env.user.name)
        self.sudo()._running()._end("stopped", why)
        self.sudo().write({"state": "stopped"})
        self.env["construction.audit"].sudo()._record(self, "resource_stopped")
        return True

    def action_resume(self):
        """Back on schedule. A reading that was stopped goes on where it was."""
        self._check_operator()
        for resource in self.sudo().filtered(lambda one: one.state != "ready"):
            resource.run_ids[:1].filtered(lambda run: run.state == "stopped")._resume()
            resource._go_on()
        self.env["construction.audit"].sudo()._record(self, "resource_resumed")
        self.env["construction.poller"].sudo()._wake(self.ids, doubled=True)
        return True

    def _go_on(self):
        self.write({"state": "ready", "next_at": fields.Datetime.now(), "failures": 0,
                    "first_failed_at": False})  # fmt: skip
        self.env["construction.issue"]._close_of(self, ("refused", "failing"))

    def action_open_runs(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_resource_run"
        ) | {"domain": [("resource_id", "=", self.id)]}
