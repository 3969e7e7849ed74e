"""A copied, restored or neutralised database takes nothing in and calls nobody."""

import os
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..lib import standing
from .http_case import InboxCase


@tagged("post_install", "-at_install")
class TestStanding(InboxCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.env.registry.clear_cache)
        self.bearer = self.make_platform("tests-bearer-db", self.company, auth_scheme="bearer")

    def server_says(self, environment):
        self.env.registry.clear_cache()
        self.startPatcher(patch.dict(os.environ, {standing.ENVIRONMENT_VARIABLE: environment}))

    def move_database(self):
        """What a restore does: the platform's fingerprint is that of another database."""
        self.platform.sudo().confirmed_database = standing.fingerprint("uuid", "1", "16384")

    def neutralize(self):
        self.env["ir.config_parameter"].sudo().set_param("database.is_neutralized", True)
        self.env.registry.clear_cache()
        self.platform.invalidate_recordset()

    def counts(self):
        models = ("delivery", "event", "issue")
        return [self.env[f"construction.{name}"].search_count([]) for name in models]

    def assertHalted(self, words):
        self.platform.invalidate_recordset()
        self.assertIn(words, self.platform.halted)
        self.assertFalse(self.platform._calls_allowed())
        before = self.counts()
        for body in (self.ping(), b"{not json"):
            response = self.post(body)
            self.assertProblem(response, 503, "wrong-database")
            self.assertEqual(response.headers["Retry-After"], "600")
        self.env.invalidate_all()
        self.assertEqual(self.counts(), before, "nothing is stored")

    def test_in_its_own_database_it_works(self):
        self.assertFalse(self.platform.halted)
        self.assertFalse(self.platform.can_confirm)
        self.assertTrue(self.platform._calls_allowed())
        self.assertVerdicts(self.post(self.ping()), "accepted")
        self.platform.action_pause()
        self.assertFalse(self.platform._calls_allowed(), "nobody is called for a paused one")
        self.assertVerdicts(self.post(self.ping()), "accepted")

    def test_a_restored_copy_refuses_until_somebody_confirms_it(self):
        self.move_database()
        self.assertHalted("copied, restored or moved")
        self.assertTrue(self.platform.can_confirm)
        manager = self.make_user("standing-im", "integration_manager")
        self.platform.with_user(manager).action_confirm_database()
        self.platform.invalidate_recordset()
        self.assertFalse(self.platform.halted)
        self.assertTrue(self.platform._calls_allowed())
        self.assertVerdicts(self.post(self.ping()), "accepted")
        row = self.env["construction.audit"].search([("action", "=", "database_confirmed")])
        self.assertEqual((row.res_id, row.actor_id), (self.platform.id, manager))

    def test_the_metrics_tell(self):
        def told():
            self.env.invalidate_all()
            for family in self.env["construction.metrics"]._families():
                if family.name == "construction_sync_platform_halted":
                    return {labels["platform"]: value for labels, value in family.samples}

        self.assertEqual(told()[self.platform.key], 0)
        self.move_database()
        self.assertEqual(told()[self.platform.key], 1)
        self.assertEqual(told()[self.bearer.key], 0)

    def test_a_database_that_odoo_duplicated(self):
        """Odoo gives a copy that it makes a new uuid."""
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another")
        self.env.registry.clear_cache()
        self.assertHalted("copied, restored or moved")

    def test_the_state_of_an_event_is_not_told_either(self):
        key = self.platform.create_api_key("reader", days=1)
        self.move_database()
        response = self.url_open(
            f"{self.url()}?source=x&id=y", headers={"Authorization": f"Bearer {key}"}
        )
        self.assertProblem(response, 503, "wrong-database")

    def test_the_other_environment(self):
        for server, platform in (("sandbox", "production"), ("Production ", "sandbox")):
            self.platform.environment = platform
            self.server_says(server)
            self.assertHalted(f"the platform to “{platform}”")
            self.assertFalse(self.platform.can_confirm)
            with self.assertRaisesRegex(UserError, "is set to"):
                self.platform.action_confirm_database()

    def test_the_fitting_environment(self):
        self.server_says("PRODUCTION")
        self.assertVerdicts(self.post(self.ping()), "accepted")

    def test_a_setting_that_is_neither(self):
        self.server_says("staging")
        self.assertHalted("neither")

    def test_a_neutralised_database(self):
        self.neutralize()
        self.assertHalted("neutralised")
        draft = self.env["construction.platform"].create({"name": "N", "key": "tests-neutral"})
        with self.assertRaisesRegex(UserError, "neutralised"):
            draft.action_activate()
        draft.environment = "sandbox"
        draft.action_activate()
        self.assertFalse(draft.halted)
        self.assertFalse(draft._calls_allowed(), "not even a sandbox is called from here")

    def test_activation_is_a_confirmation(self):
        self.move_database()
        self.platform.action_pause()
        self.platform.action_activate()
        self.assertFalse(self.platform.halted)

    def test_a_copied_platform_record_is_not_confirmed(self):
        copy = self.platform.copy({"key": "tests-standing-copy"})
        self.assertFalse(copy.sudo().confirmed_database)
        self.assertFalse(copy._calls_allowed())

    def test_who_may_confirm(self):
        self.move_database()
        for group in ("project_manager", "finance", "auditor", "service"):
            with self.assertRaises(AccessError):
                self.platform.with_user(
                    self.make_user(f"standing-{group}", group)
                ).action_confirm_database()
        manager = self.platform.with_user(self.make_user("standing-im", "integration_manager"))
        with self.assertRaises(AccessError):
            manager.write({"confirmed_database": manager._database_facts()["here"]})
        with self.assertRaises(AccessError):
            manager.read(["confirmed_database"])

    def test_original_or_copy_is_asked_for_all_of_them_at_once(self):
        other = self.make_platform("tests-standing-other", self.company)
        draft = self.platform.copy({"key": "tests-standing-draft"})
        self.move_database()
        other.sudo().confirmed_database = "elsewhere"
        manager = self.make_user("standing-asked", "integration_manager")
        health = self.env["construction.health"].with_user(manager)
        screen = health.browse(health.action_open()["res_id"])
        self.assertGreaterEqual(screen.refused_count, 2)
        dialog = self.env["construction.database.confirm"].with_user(manager).create({})
        self.assertGreaterEqual(dialog.platform_ids, self.platform | other)
        self.assertNotIn(draft, dialog.platform_ids)
        self.assertIn(self.env.cr.dbname, dialog.command)
        for answer in (False, "copy"):
            dialog.answer = answer
            with self.assertRaisesRegex(UserError, "neutralize"):
                dialog.action_confirm_database()
            self.assertTrue(self.platform.halted)
        dialog.answer = "original"
        dialog.action_confirm_database()
        (self.platform | other).invalidate_recordset()
        self.assertFalse(any((self.platform | other).mapped("halted")))
        self.assertEqual(health.browse(health.action_open()["res_id"]).refused_count, 0)
        for group in ("finance", "auditor"):
            with self.assertRaises(AccessError):
                dialog.with_user(self.make_user(f"ask-{group}", group)).action_confirm_database()

    def test_it_is_asked_where_somebody_looks(self):
        action = self.env.ref("construction_sync_base.action_construction_database_confirm")
        manager = self.make_user("standing-looks", "integration_manager")
        for model, kind in (("construction.platform", "form"), ("construction.platform", "kanban"),
                            ("construction.health", "form")):  # fmt: skip
            arch = self.env[model].with_user(manager).get_view(view_type=kind)["arch"]
            self.assertIn(f'name="{action.id}"', arch, f"{model} {kind}")

    def test_neutralize_sql(self):
        """The statements themselves; tests/e2e runs Odoo's command."""
        from odoo.tools import file_open

        self.platform.create_api_key("ours", days=1)
        keys = self.env["res.users.apikeys"].sudo()
        admin = keys.with_user(self.env.ref("base.user_admin")).sudo()
        admin._generate("rpc", "somebody's own", None)
        self.env.flush_all()
        with file_open("construction_sync_base/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.env["construction.secret"].sudo().search_count([]))
        self.assertFalse(keys.search_count([("scope", "=", "construction_sync")]))
        self.assertTrue(keys.search_count([("name", "=", "somebody's own")]))
        platforms = self.env["construction.platform"].with_context(active_test=False).search([])
        self.assertEqual(set(platforms.mapped("state")), {"draft"})
        self.assertFalse(any(platform._calls_allowed() for platform in platforms))
        self.env.registry.clear_cache()
        self.assertProblem(self.post(self.ping()), 404, "unknown-platform")
