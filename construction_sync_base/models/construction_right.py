from odoo import api, fields, models
from odoo.tools import SQL

from .construction_guard import guards_of

KINDS = ("approve", "release", "resolve", "post", "replay")
OUR_GROUPS = "construction_sync_base"


class ConstructionRight(models.Model):
    """Who can do what: one row per group and kind of record, read from the access rows, the
    group hierarchy, the checks in the code and the approval matrix at the moment of asking."""

    _name = "construction.right"
    _description = "Who Can Do What"
    _auto = False
    _check_company_auto = True
    _order = "group_id, record"
    _rec_name = "group_id"

    company_id = fields.Many2one("res.company", readonly=True)
    group_id = fields.Many2one("res.groups", readonly=True)
    record = fields.Char(readonly=True)
    model = fields.Char(readonly=True)
    can_read = fields.Boolean(string="Read", readonly=True)
    can_create = fields.Boolean(string="Create", readonly=True)
    can_write = fields.Boolean(string="Change", readonly=True)
    can_unlink = fields.Boolean(string="Delete", readonly=True)
    can_approve = fields.Boolean(string="Approve", readonly=True)
    can_release = fields.Boolean(string="Release", readonly=True)
    can_resolve = fields.Boolean(string="Resolve", readonly=True)
    can_post = fields.Boolean(string="Post", readonly=True)
    can_replay = fields.Boolean(string="Replay", readonly=True)
    user_ids = fields.Many2many("res.users", string="Who is in it", compute="_compute_people")
    user_count = fields.Integer(string="People", compute="_compute_people")
    people = fields.Char(string="Names", compute="_compute_people")
    limits = fields.Text(
        string="Limited to",
        compute="_compute_limits",
        help="Record rules that hold for this group: all of the shared ones, and one of the "
        "group's own.",
    )

    @property
    def _table_query(self):
        """Access rows and guards of each group and of the groups it implies."""
        return SQL(
            """
            WITH RECURSIVE implied (gid, hid) AS (
                SELECT id, id FROM res_groups WHERE id = ANY(%(groups)s)
                UNION
                SELECT i.gid, r.hid FROM implied i JOIN res_groups_implied_rel r ON r.gid = i.hid
            ),
            access AS (
                SELECT i.gid, a.model_id,
                       bool_or(a.perm_read) AS can_read, bool_or(a.perm_create) AS can_create,
                       bool_or(a.perm_write) AS can_write, bool_or(a.perm_unlink) AS can_unlink
                  FROM implied i JOIN ir_model_access a ON a.group_id = i.hid AND a.active
                 WHERE a.model_id = ANY(%(models)s)
                 GROUP BY i.gid, a.model_id
            ),
            guards (model_id, kind, group_id, but_id) AS (%(guards)s),
            actions AS (
                SELECT i.gid, g.model_id, %(kinds)s
                  FROM implied i JOIN guards g ON g.group_id = i.hid
                 WHERE g.but_id IS NULL
                    OR g.but_id NOT IN (SELECT b.hid FROM implied b WHERE b.gid = i.gid)
                 GROUP BY i.gid, g.model_id
            )
            SELECT row_number() OVER (ORDER BY k.gid, k.model_id)::int AS id,
                   NULL::int AS company_id, k.gid AS group_id, m.model,
                   COALESCE(m.name ->> %(lang)s, m.name ->> 'en_US') AS record,
                   COALESCE(a.can_read, false) AS can_read,
                   COALESCE(a.can_create, false) AS can_create,
                   COALESCE(a.can_write, false) AS can_write,
                   COALESCE(a.can_unlink, false) AS can_unlink,
                   %(columns)s
              FROM (SELECT gid, model_id FROM access UNION SELECT gid, model_id FROM actions) k
              JOIN ir_model m ON m.id = k.model_id
              LEFT JOIN access a ON a.gid = k.gid AND a.model_id = k.model_id
              LEFT JOIN actions c ON c.gid = k.gid AND c.model_id = k.model_id
            """,
            lang=self.env.lang or "en_US",
            groups=self._shown_groups(),
            models=self._shown_models(),
            guards=self._guards_query(),
            kinds=SQL(", ").join(
                SQL("bool_or(g.kind = %s) AS %s", kind, SQL.identifier(f"can_{kind}"))
                for kind in KINDS
            ),
            columns=SQL(", ").join(
                SQL(
                    "COALESCE(%s, false) AS %s",
                    SQL.identifier("c", f"can_{kind}"),
                    SQL.identifier(f"can_{kind}"),
                )
                for kind in KINDS
            ),
        )

    def _shown_groups(self):
        """Our groups, the portal, plain users, and those who run the system."""
        names = self.env["ir.model.data"].sudo()
        ours = names.search([("module", "=", OUR_GROUPS), ("model", "=", "res.groups")])
        others = [self.env.ref(f"base.group_{name}").id for name in ("portal", "user", "system")]
        return [*ours.mapped("res_id"), *others]

    def _shown_model_names(self):
        """Every kept record of the suite; addons add Odoo's own that they extend."""
        return [
            name
            for name, model in self.env.registry.items()
            if name.startswith("construction.") and not model._abstract and not model._transient
        ]

    def _shown_models(self):
        names = self._shown_model_names()
        return [self.env["ir.model"]._get_id(name) for name in names]

    def _guards(self):
        """[(model, kind, group xml id, xml id of who is refused or None)]."""
        return [
            (name, kind, group, refused)
            for name in self._shown_model_names()
            for kind, groups, but in guards_of(self.env.registry[name])
            for group in groups
            for refused in but or (None,)
        ]

    def _guards_query(self):
        """The guards in the code, and the groups that the approval matrix names."""
        rows = [
            SQL(
                "(%s::int, %s::text, %s::int, %s::int)",
                self.env["ir.model"]._get_id(name),
                kind,
                self.env.ref(group).id,
                self.env.ref(refused).id if refused else None,
            )
            for name, kind, group, refused in self._guards()
        ]
        types = [
            SQL("(%s, %s)", model._release_type, self.env["ir.model"]._get_id(model._name))
            for model in self.env.registry.values()
            if getattr(model, "_release_type", None)
        ]
        self.env["construction.approval.rule"].flush_model()
        return SQL(
            """
            VALUES %s
            UNION ALL
            SELECT t.model_id::int, 'approve', r.group_id, NULL
              FROM construction_approval_rule r
              JOIN (VALUES %s) t (kind, model_id) ON t.kind = r.document_type
             WHERE r.active AND r.group_id IS NOT NULL AND r.company_id = ANY(%s)
            """,
            SQL(", ").join(rows),
            SQL(", ").join(types),
            self.env.companies.ids,
        )

    @api.depends("group_id")
    def _compute_people(self):
        for right in self:
            users = right.group_id.sudo().all_user_ids.filtered(
                lambda user: user.active and user.company_ids & self.env.companies
            )
            right.user_ids = users
            right.user_count = len(users)
            right.people = ", ".join(users[:30].mapped("name"))

    @api.depends("group_id", "model")
    def _compute_limits(self):
        rules = self.env["ir.rule"].sudo().search([("model_id.model", "in", self.mapped("model"))])
        for right in self:
            implied = right.group_id.sudo().all_implied_ids
            right.limits = "\n".join(
                rule.name
                for rule in rules
                if rule.model_id.model == right.model and (not rule.groups or rule.groups & implied)
            )

    def action_open_people(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.group_id.display_name,
            "res_model": "res.users",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", self.user_ids.ids)],
        }
