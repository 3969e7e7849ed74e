"""No way over RPC to a secret: every group, every reading method, every path of fields, and
every method of the models themselves."""

import base64
import json

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SyncCase
from .groups import GROUPS

# model, path of fields that ends in something secret
PATHS = (
    ("construction.secret", "stored"),
    ("construction.secret", "key_id"),
    ("construction.platform", "secret_ids"),
    ("construction.platform", "secret_ids.stored"),
    ("construction.platform", "confirmed_database"),
    ("construction.event", "platform_id.secret_ids.stored"),
    ("construction.delivery", "platform_id.secret_ids.stored"),
    ("construction.issue", "platform_id.secret_ids"),
    ("construction.binding", "platform_id.secret_ids.key_id"),
    ("construction.platform.setup", "platform_id.secret_ids.stored"),
    ("res.users.apikeys", "key"),
    ("res.users.apikeys", "index"),
)
REFUSALS = (AccessError, UserError, ValidationError, ValueError, KeyError, TypeError)


@tagged("post_install", "-at_install")
class TestSecretStorage(SyncCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.send(cls, cls.event(cls, "platform.pinged", subject="ping/storage"))
        static = cls.make_platform("storage-token", cls.company, auth_scheme="static_header")
        cls.api_key = cls.platform.create_api_key("storage", days=1)
        plain = [cls.secret, static.rotate_secret(), cls.api_key]
        stored = (cls.platform | static).sudo().secret_ids.mapped("stored")
        cls.env.flush_all()
        cls.env.cr.execute("SELECT key, index FROM res_users_apikeys")
        hashed = [text for row in cls.env.cr.fetchall() for text in row]
        cls.hidden = [text.removeprefix("whsec_") for text in (*plain, *stored, *hashed)]
        cls.people = cls._people()

    @classmethod
    def _people(cls):
        export = cls.env.ref("base.group_allow_export")
        people = [cls.make_user(f"storage-{group}", group) for group in GROUPS]
        for person in people:
            person.group_ids |= export
        portal = cls.env["res.users"].with_context(no_reset_password=True).create({
            "name": "Portal", "login": "storage-portal",
            "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
        })  # fmt: skip
        plain = cls.make_user("storage-plain")
        return [*people, plain, portal, cls.env.ref("base.user_admin")]

    def assertHidden(self, answer, where):
        text = json.dumps(answer, default=_text)
        for hidden in self.hidden:
            self.assertNotIn(hidden, text, where)
        return text

    def rpc(self, person, model, method, *args, **kwargs):
        """What a client gets: the answer, or None where it is refused."""
        records = self.env[model].with_user(person).with_context(lang=None)
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                return call_kw(records, method, list(args), kwargs)
        except REFUSALS:
            return None

    def test_every_reading_method_on_every_path(self):
        asked = 0
        for person in self.people:
            for model, path in PATHS:
                ids = self.env[model].sudo().with_context(active_test=False).search([]).ids
                first = path.partition(".")[0]
                for method, args, kwargs in (
                    ("read", [ids, [first]], {}),
                    ("search_read", [[], [first]], {}),
                    ("export_data", [ids, [path.replace(".", "/")]], {}),
                    ("web_read", [ids, _specification(path)], {}),
                    ("web_search_read", [[], _specification(path)], {}),
                    ("search", [[(path, "=like", "4%")]], {}),
                    ("search", [[(path, "!=", False)]], {}),
                    ("search_count", [[(path, ">", "a")]], {}),
                    ("search", [[]], {"order": first}),
                    ("formatted_read_group", [[], [first], ["__count"]], {}),
                    ("web_read_group", [[], [first], ["__count"]], {}),
                    ("name_search", [], {"name": self.hidden[0][:6]}),
                    ("onchange", [ids[:1], {}, [], _specification(path)], {}),
                    ("copy_data", [ids[:1]], {}),
                ):
                    answer = self.rpc(person, model, method, *args, **kwargs)
                    where = f"{person.login} {model} {method} {path}"
                    self.assertHidden(answer, where)
                    if method in ("search", "search_count") and args != [[]]:
                        self.assertIsNone(answer, f"{where}: a search tells bit by bit")
                    asked += 1
        self.assertEqual(asked, len(self.people) * len(PATHS) * 14)

    def test_not_even_where_an_administrator_gives_the_table_away(self):
        self.env["ir.model.access"].create(
            {
                "name": "given away",
                "model_id": self.env["ir.model"]._get_id("construction.secret"),
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
            }
        )
        secrets = self.env["construction.secret"].with_user(self.env.ref("base.user_admin"))
        self.assertTrue(secrets.search([]).read(["scheme"]))
        for ask in (
            lambda: secrets.search([]).read(["stored"]),
            lambda: secrets.search([("stored", "!=", False)]),
            lambda: secrets.search([]).export_data(["stored"]),
        ):
            with self.assertRaises(AccessError):
                ask()

    def test_no_field_of_a_model_of_ours_gives_one(self):
        models = [name for name in self.env.registry if name.startswith("construction.")]
        read = 0
        for person in self.people:
            for model in models:
                if self.env[model]._abstract:
                    continue
                answer = self.rpc(person, model, "search_read", [])
                self.assertHidden(answer, f"{person.login} {model}")
                read += bool(answer)
        self.assertGreater(read, 30)

    def test_nobody_writes_one(self):
        mine = self.platform.sudo().secret_ids
        forged = {"platform_id": self.platform.id, "scheme": "standard_webhooks", "stored": "x"}
        for person in self.people:
            for model, method, args in (
                ("construction.secret", "create", [[forged]]),
                ("construction.secret", "write", [mine.ids, {"stored": "x"}]),
                ("construction.secret", "web_save", [mine.ids, {"stored": "x"}, {}]),
                ("construction.secret", "unlink", [mine.ids]),
                ("construction.secret", "copy", [mine.ids]),
                ("construction.secret", "load", [["scheme", "stored"], [["x", "y"]]]),
                (
                    "construction.platform", "write",
                    [self.platform.ids, {"secret_ids": [Command.create(forged)]}],
                ),
                (
                    "construction.platform", "create",
                    [[{"name": "f", "key": "forged", "secret_ids": [Command.create(forged)]}]],
                ),
                (
                    "construction.platform", "write",
                    [self.platform.ids, {"confirmed_database": "x"}],
                ),
            ):  # fmt: skip
                answer = self.rpc(person, model, method, *args)
                ids = answer.get("ids") if isinstance(answer, dict) else answer
                self.assertFalse(ids, f"{person.login} {model}.{method}")
        self.env.invalidate_all()
        self.assertEqual(self.platform.sudo().secret_ids, mine)
        self.assertEqual(
            self.env["construction.platform"].search_count([("key", "=", "forged")]), 0
        )

    def test_private_methods_cannot_be_called(self):
        for model, method in (
            ("construction.platform", "_route"),
            ("construction.platform", "_secret_keys"),
            ("construction.platform", "_decrypted"),
            ("construction.platform", "_database_facts"),
            ("construction.platform", "_confirm_database"),
            ("construction.secret", "_reencrypt"),
            ("construction.secret", "_key_facts"),
        ):
            for person in self.people:
                with self.assertRaises(AccessError):
                    call_kw(self.env[model].with_user(person), method, [[]], {})

    def test_only_integration_managers_make_one(self):
        for person in self.people:
            allowed = person.has_group("construction_sync_base.group_integration_manager")
            for method in ("rotate_secret", "action_show_secret", "action_new_api_key"):
                answer = self.rpc(person, "construction.platform", method, self.platform.ids)
                self.assertEqual(bool(answer), allowed, f"{person.login} {method}")

    def test_chatter_and_audit_hold_none(self):
        self.platform.rotate_secret()
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT string_agg(to_jsonb(t)::text, '') FROM (
                SELECT to_jsonb(a) FROM construction_audit a
                UNION ALL SELECT to_jsonb(m) FROM mail_message m
                           WHERE m.model = 'construction.platform'
                UNION ALL SELECT to_jsonb(v) FROM mail_tracking_value v) t
        """)
        self.assertHidden(self.env.cr.fetchone()[0], "audit and chatter")


def _specification(path):
    first, _dot, rest = path.partition(".")
    return {first: {"fields": _specification(rest)} if rest else {}}


def _text(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
