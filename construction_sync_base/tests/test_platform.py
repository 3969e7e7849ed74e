"""Platforms: key, activation, service user, secrets."""

from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..lib import signatures
from .common import SyncCase
from .groups import GROUPS


@tagged("post_install", "-at_install")
class TestPlatform(SyncCase, TransactionCase):
    def make(self, key, **values):
        return self.env["construction.platform"].create({"name": key, "key": key, **values})

    def test_keys(self):
        for key in ("abc", "a-1", "x" * 40, "---", "123"):
            self.assertEqual(self.make(key).state, "draft")
        for key in ("ab", "x" * 41, "Abc", "a b", "a_b", "ü-a", "a/b", "", "abc\n"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.make(key)
        for key in ("health", "metrics", "schemas"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.make(key)

    @mute_logger("odoo.sql_db")
    def test_a_key_is_unique_even_against_archived_ones(self):
        self.make("twin").active = False
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.make("twin")

    def test_four_fields_make_a_platform(self):
        platform = self.env["construction.platform"].create(
            {
                "name": "Four",
                "key": "four-fields",
                "adapter": "canonical",
                "auth_scheme": "standard_webhooks",
            }
        )
        self.assertEqual(platform.company_id, self.env.company)
        self.assertEqual(platform.company_ids, self.env.company)
        self.assertEqual((platform.state, platform.environment), ("draft", "production"))
        platform.action_activate()
        self.assertEqual(platform.state, "active")

    def test_activation_names_every_hole(self):
        company = self.env["res.company"].create({"name": "Bare Ltd"})
        self.env.user.company_ids |= company
        platform = self.make("holes", company_id=company.id, company_ids=[Command.set(company.ids)])
        with self.assertRaisesRegex(UserError, "chart of accounts"):
            platform.action_activate()
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        with self.assertRaisesRegex(UserError, "account map"):
            platform.action_activate()
        self.assertEqual(platform.state, "draft")
        self.assertFalse(platform.service_user_id)
        platform._propose_setup()
        warehouses = self.env["stock.warehouse"].search([("company_id", "=", company.id)])
        warehouses.active = False
        with self.assertRaisesRegex(UserError, "no warehouse"):
            platform.action_activate()
        platform._propose_setup()
        platform.action_activate()
        self.assertEqual(platform.state, "active")

    def test_a_company_that_joins_later_is_a_hole_of_the_next_activation(self):
        company = self.env["res.company"].create({"name": "Late Ltd"})
        self.platform.action_pause()
        self.platform.company_ids |= company
        with self.assertRaisesRegex(UserError, "Late Ltd"):
            self.platform.action_activate()

    def test_the_default_company_stays_on_the_list(self):
        company = self.make_company("Other Ltd")
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.platform.company_ids = company

    def test_the_service_user(self):
        user = self.platform.service_user_id
        self.assertTrue(user.has_group("construction_sync_base.group_service"))
        self.assertEqual(user.company_ids, self.platform.company_ids)
        self.env.flush_all()
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", (user.id,))
        self.assertFalse(self.env.cr.fetchone()[0], "no password")
        self.assertFalse(user.has_group("base.group_system"))
        company = self.make_company("More Ltd")
        self.platform.company_ids |= company
        self.assertIn(company, user.company_ids)
        self.platform.action_pause()
        self.platform.action_activate()
        self.assertEqual(self.platform.service_user_id, user, "made once")

    def test_documents_have_no_service_user_as_buyer_or_follower(self):
        self.setup_job()
        self.process(self.event("commitment.approved", data=self.commitment_data(), sequence=1))
        order = self.bound("commitment", "C1")
        job = self.bound("job", "J1")
        service = self.platform.service_user_id
        self.assertNotIn(service, order.user_id | job.user_id)
        self.assertNotIn(service.partner_id, order.message_partner_ids | job.message_partner_ids)

    def test_state_and_service_user_change_by_buttons_only(self):
        manager = self.make_user("im", "integration_manager")
        platform = self.make("guarded").with_user(manager)
        admin = self.env.ref("base.user_admin")
        for values in ({"state": "active"}, {"service_user_id": admin.id}):
            with self.assertRaises(AccessError):
                platform.write(values)
            with self.assertRaises(AccessError):
                platform.create({"name": "x", "key": "guarded-2", **values})
        platform.write({"name": "Renamed"})
        platform.action_activate()
        self.assertEqual(platform.state, "active")
        platform.action_pause()

    def test_only_integration_managers_run_platforms(self):
        draft = self.make("nobodys")
        for group in ("project_manager", "finance", "auditor"):
            user = self.make_user(f"u-{group}", group)
            for platform, action in (
                (draft, "action_activate"),
                (self.platform, "action_pause"),
                (self.platform, "rotate_secret"),
            ):
                with self.assertRaises(AccessError):
                    getattr(platform.with_user(user), action)()
            with self.assertRaises(AccessError):
                self.platform.with_user(user).create_api_key("mine")

    def test_a_platform_with_deliveries_is_archived_not_deleted(self):
        self.send(self.event("platform.pinged", subject="x/1"))
        with self.assertRaises(UserError):
            self.platform.unlink()
        self.make("unused").unlink()

    def test_the_test_button(self):
        action = self.platform.action_ping()
        event = self.env["construction.event"].browse(action["params"]["next"]["res_id"])
        self.drain()
        self.assertEqual(event.state, "processed")
        self.platform.action_pause()
        with self.assertRaises(UserError):
            self.platform.action_ping()


@tagged("post_install", "-at_install")
class TestSecrets(SyncCase, TransactionCase):
    """Shown once, stored closed, read by nobody."""

    def test_no_group_reads_a_secret(self):
        users = [self.make_user(f"s-{group}", group) for group in GROUPS]
        for user in [*users, self.env.ref("base.user_admin")]:
            secret = self.env["construction.secret"].with_user(user)
            record = self.platform.sudo().secret_ids.with_user(user)
            with self.assertRaises(AccessError):
                secret.search([])
            with self.assertRaises(AccessError):
                secret.search_read([], ["stored"])
            with self.assertRaises(AccessError):
                record.read(["stored"])
            with self.assertRaises(UserError):
                record.export_data(["stored"])
            with self.assertRaises(AccessError):
                record.write({"stored": "x"})
            with self.assertRaises(AccessError):
                secret.create({"platform_id": self.platform.id, "scheme": "x", "stored": "y"})

    def test_no_group_reaches_a_secret_through_the_platform(self):
        users = [self.make_user(f"p-{group}", group) for group in GROUPS]
        for user in [*users, self.env.ref("base.user_admin")]:
            platform = self.platform.with_user(user)
            self.assertNotIn("secret_ids", platform.fields_get())
            with self.assertRaises(AccessError):
                platform.read(["secret_ids"])
            with self.assertRaises(AccessError):
                platform.search([("secret_ids.stored", "like", "a")])
        values = self.platform.with_user(self.env.ref("base.user_admin")).read()[0]
        self.assertNotIn(self.secret, str(values))

    def test_a_signing_secret_is_encrypted(self):
        stored = self.platform.sudo().secret_ids.stored
        self.assertTrue(self.secret.startswith("whsec_"))
        self.assertNotIn(self.secret.removeprefix("whsec_"), stored)
        route = self.env["construction.platform"]._route(self.platform.key)
        self.assertEqual(route["secrets"], [(self.secret, False)])

    def test_a_token_is_hashed(self):
        platform = self.make_platform("tests-token", self.company, auth_scheme="static_header")
        token = platform.rotate_secret()
        self.assertEqual(platform.sudo().secret_ids.stored, signatures.hash_token(token))

    def test_a_bearer_platform_has_keys_instead(self):
        platform = self.make_platform("tests-key", self.company, auth_scheme="bearer")
        with self.assertRaises(UserError):
            platform.rotate_secret()
        self.assertFalse(platform.has_secret)
        self.assertTrue(platform.create_api_key("first", days=10))
        platform.invalidate_recordset(["has_secret"])
        self.assertTrue(platform.has_secret)

    def test_api_keys_have_a_scope_an_end_and_the_service_user(self):
        manager = self.make_user("im", "integration_manager")
        value = self.platform.with_user(manager).create_api_key("reader", days=30)
        key = self.env["res.users.apikeys"].sudo().search([("name", "=", "reader")])
        self.assertEqual(key.user_id, self.platform.service_user_id)
        self.assertEqual(key.scope, "construction_sync")
        end = fields.Datetime.now() + timedelta(days=30)
        self.assertAlmostEqual(key.expiration_date, end, delta=timedelta(minutes=5))
        check = self.env["res.users.apikeys"]._check_credentials
        self.assertEqual(check(scope="construction_sync", key=value), key.user_id.id)
        self.assertFalse(check(scope="rpc", key=value))

    def test_a_secret_is_shown_once_and_not_stored(self):
        action = self.platform.action_show_secret()
        secret = action["context"]["default_secret"]
        Wizard = self.env[action["res_model"]].with_context(**action["context"])
        self.assertEqual(Wizard.default_get(["secret"])["secret"], secret)
        wizard = Wizard.create({})
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT to_jsonb(w)::text FROM construction_secret_show w WHERE id = %s", (wizard.id,)
        )
        self.assertNotIn(secret, self.env.cr.fetchone()[0])

    def test_secrets_do_not_travel_with_a_copy(self):
        copy = self.platform.copy({"key": "tests-copy"})
        self.assertFalse(copy.sudo().secret_ids)
        self.assertFalse(copy.service_user_id)
        self.assertEqual(copy.state, "draft")
