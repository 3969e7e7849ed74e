"""The installation's encryption keys: which secret needs which, and how one is replaced."""

import base64
import os
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..lib import vault
from .common import SyncCase

OLD, NEW, LOST = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
MODELS = "odoo.addons.construction_sync_base.models"


def key_id(text):
    return vault.load_keys(text)[0].id


@tagged("post_install", "-at_install")
class TestSecretKeys(SyncCase, TransactionCase):
    def given(self):
        super().given()
        self.secrets = self.env["construction.secret"].sudo()
        self.secrets.search([]).unlink()
        with self.keys(OLD):
            self.secret = self.platform.rotate_secret(overlap_hours=24)
            self.second = self.make_platform("keys-two", self.company)
            self.second_secret = self.second.rotate_secret()
        self.token = self.make_platform("keys-token", self.company, auth_scheme="static_header")
        self.token.rotate_secret()

    @contextmanager
    def keys(self, *texts):
        """The server runs with these keys."""
        self.env.registry.clear_cache()
        with patch.dict(os.environ, {vault.KEY_VARIABLE: ",".join(texts)}):
            yield
        self.env.registry.clear_cache()

    def plain(self, platform):
        return [
            s for s, _until in self.env["construction.platform"]._route(platform.key)["secrets"]
        ]

    def facts(self):
        return self.secrets._key_facts()

    def test_each_secret_carries_its_key_id(self):
        mine = self.platform.sudo().secret_ids
        self.assertEqual(mine.key_id, key_id(OLD))
        self.assertTrue(mine.stored.startswith(f"{key_id(OLD)}:"))
        self.assertFalse(self.token.sudo().secret_ids.key_id, "a hash needs no key")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE construction_secret SET key_id = 'abcdef01' WHERE id = %s", (mine.id,)
            )

    def test_rotation_puts_every_secret_under_the_first_key(self):
        with self.keys(NEW, OLD):
            before = self.facts()
            self.assertEqual((before["current"], before["old"], before["unreadable"]), (0, 2, 0))
            self.assertEqual(before["by_key"], {key_id(OLD): 2})
            self.assertEqual(before["configured"], [key_id(NEW), key_id(OLD)])
            after = self.secrets._reencrypt()
            self.assertEqual((after["current"], after["old"]), (2, 0))
            self.assertEqual(after["by_key"], {key_id(NEW): 2})
        with self.keys(NEW):  # the old key is gone
            self.assertEqual(self.plain(self.platform), [self.secret])
            self.assertEqual(self.plain(self.second), [self.second_secret])
            self.assertEqual(self.facts()["unreadable"], 0)

    def test_rotation_twice_changes_nothing_the_second_time(self):
        audit = self.env["construction.audit"].sudo()
        done = [("action", "=", "secret_reencrypted")]
        with self.keys(NEW, OLD):
            self.secrets._reencrypt()
            stored = self.secrets.search([]).mapped("stored")
            count = audit.search_count(done)
            self.assertEqual(count, 2, "one row per platform")
            self.secrets._reencrypt()
            self.assertEqual(self.secrets.search([]).mapped("stored"), stored)
            self.assertEqual(audit.search_count(done), count)

    def test_a_missing_key_stops_it_before_anything_changes(self):
        with self.keys(LOST):
            third = self.make_platform("keys-lost", self.company)
            third.rotate_secret()
        stored = {s.id: s.stored for s in self.secrets.search([])}
        with self.keys(NEW, OLD), self.assertRaises(UserError) as caught:
            self.secrets._reencrypt()
        text = str(caught.exception)
        self.assertIn("keys-lost", text)
        self.assertIn(key_id(LOST), text)
        for key in (OLD, NEW, LOST, *stored.values()):
            self.assertNotIn(key, text)
        self.env.invalidate_all()
        self.assertEqual({s.id: s.stored for s in self.secrets.search([])}, stored)
        with self.keys(NEW, OLD):
            self.assertEqual(self.facts()["unreadable"], 1)
            self.assertEqual(self.facts()["old"], 2)

    def test_a_damaged_secret_stops_it_too(self):
        mine = self.platform.sudo().secret_ids
        mine.stored = mine.stored[:-8] + "AAAAAAA="
        with self.keys(NEW, OLD):
            self.assertEqual(self.facts()["unreadable"], 1)
            with self.assertRaisesRegex(UserError, "damaged"):
                self.secrets._reencrypt()

    def test_without_a_key_it_says_what_to_set(self):
        with (
            patch(f"{MODELS}.construction_platform_secret.secret_keys", list),
            self.assertRaisesRegex(UserError, "CONSTRUCTION_SYNC_SECRET_KEY"),
        ):
            self.secrets._reencrypt()

    @mute_logger(f"{MODELS}.construction_platform_secret")
    def test_a_setting_that_is_no_key_is_a_fact_and_not_a_crash(self):
        with self.keys("password"):
            facts = self.facts()
            self.assertEqual((facts["configured"], facts["unreadable"]), ([], 2))
            self.assertIn("CONSTRUCTION_SYNC_SECRET_KEY", facts["error"])
            self.assertNotIn("password", facts["error"])
            wizard = self.env["construction.secret.keys"].create({})
            self.assertIn("cannot be used", wizard.trouble)
            with self.assertRaises(UserError):
                wizard.action_reencrypt()

    def test_the_dialog_and_who_may_use_it(self):
        manager = self.make_user("keys-im", "integration_manager")
        wizard = self.env["construction.secret.keys"].with_user(manager).create({})
        with self.keys(NEW, OLD):
            self.assertEqual(wizard.old_count, 2)
            self.assertIn(f"{key_id(NEW)}, the current key: 0", wizard.summary)
            self.assertIn(f"{key_id(OLD)}, an older key: 2", wizard.summary)
            answer = wizard.action_reencrypt()
            self.assertIn(f"2 secrets are under key {key_id(NEW)}", answer["params"]["message"])
        with self.keys(OLD):
            wizard.invalidate_recordset()
            self.assertIn(f"{key_id(NEW)}, missing: 2", wizard.summary)
            self.assertIn("2 secrets cannot be opened", wizard.trouble)
        for group in ("finance", "auditor", "project_manager", "service"):
            user = self.make_user(f"keys-{group}", group)
            with self.assertRaises(AccessError):
                self.env["construction.secret.keys"].with_user(user).create({})
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_reencrypt()

    def told(self):
        """The three numbers of the health screen, their levels, and the metrics."""
        screens = self.env["construction.health"]
        checks = screens.browse(screens.action_open()["res_id"]).check_ids
        levels = {check.name: (check.level, check.value) for check in checks}
        families = {family.name: family for family in self.env["construction.metrics"]._families()}
        numbers = {
            labels["key"]: value for labels, value in families["construction_sync_secrets"].samples
        }
        return (
            levels["Key for secrets"],
            levels["Secrets that cannot be opened"],
            levels["Secrets under an older key"],
            (numbers["current"], numbers["old"], numbers["unreadable"]),
        )

    def test_the_health_screen_and_the_metrics_tell(self):
        with self.keys(OLD):
            key = ("fine", key_id(OLD))
            self.assertEqual(self.told(), (key, ("fine", "0"), ("fine", "0"), (2, 0, 0)))
        with self.keys(NEW, OLD):
            key = ("fine", key_id(NEW))
            self.assertEqual(self.told(), (key, ("fine", "0"), ("look", "2"), (0, 2, 0)))
        with self.keys(NEW):
            self.assertEqual(self.told(), (key, ("act", "2"), ("fine", "0"), (0, 0, 2)))

    def test_nothing_of_a_key_or_a_secret_is_logged(self):
        with self.assertLogs("odoo.addons.construction_sync_base", "DEBUG") as log:
            with self.keys(NEW, OLD):
                self.secrets._reencrypt()
            with self.keys(LOST):
                self.plain(self.platform)
                self.facts()
        text = "\n".join(log.output)
        self.assertIn(key_id(NEW), text)
        encrypted = self.secrets.search([("key_id", "!=", False)])
        stored = [secret.stored.partition(":")[2][20:] for secret in encrypted]
        for hidden in (OLD, NEW, LOST, self.secret, self.second_secret, *stored):
            self.assertNotIn(hidden.removeprefix("whsec_")[:16], text)
