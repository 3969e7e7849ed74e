"""The health screen: who opens it, and that each fault of the installation shows there."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from .common import SyncCase

WIZARD = "odoo.addons.construction_sync_base.wizards.construction_health"


class FakeRequest:
    def __init__(self, **headers):
        self.httprequest = self
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@tagged("post_install", "-at_install")
class TestHealth(SyncCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.make_user("health-auditor", "auditor")

    def open(self, user=None, request=None):
        screens = self.env["construction.health"].with_user(user or self.auditor)
        with patch(f"{WIZARD}.request", request):
            action = screens.action_open()
        return screens.browse(action["res_id"])

    def level(self, screen, name):
        check = screen.check_ids.filtered(lambda c: c.name == name)
        self.assertEqual(len(check), 1, screen.check_ids.mapped("name"))
        self.assertEqual(bool(check.advice), check.level != "fine", "advice where it is needed")
        return check.level

    # ----------------------------------------------------------------- who
    def test_manager_and_auditor_open_it(self):
        for user in (self.auditor, self.make_user("health-manager", "integration_manager")):
            screen = self.open(user)
            self.assertIn(self.platform, screen.platform_ids)
            self.assertTrue(screen.check_ids)
            self.assertIn(self.platform.with_user(user).health, ("fine", "look", "act"))

    def test_nobody_else_does(self):
        for group in ("finance", "project_manager", "service"):
            with self.subTest(group), self.assertRaises(AccessError):
                self.open(self.make_user(f"health-{group}", group))

    def test_platforms_of_another_company_are_not_shown(self):
        other = self.make_platform("health-elsewhere", self.make_company("Health Elsewhere"))
        self.assertNotIn(other, self.open().platform_ids)

    # ----------------------------------------------------------- platforms
    def test_a_platform_that_needs_somebody(self):
        self.assertEqual((self.platform.health, self.platform.health_note), ("fine", ""))
        alien = self.event("alien.landed", subject="alien/1")
        event = self.apply(alien)
        self.platform.invalidate_recordset()
        self.assertEqual(self.platform.health, "look")
        self.assertEqual((self.platform.parked_count, self.platform.open_issue_count), (1, 1))
        event.sudo().state = "dead"
        self.env.flush_all()
        self.platform.invalidate_recordset()
        self.assertEqual((self.platform.health, self.platform.dead_count), ("act", 1))
        self.assertIn("given up", self.platform.health_note)

    def test_late_events_show(self):
        now = fields.Datetime.now()
        pings = [self.event("platform.pinged", subject=f"ping/{n}") for n in range(4)]
        events = self.process(*pings)
        events.sudo().write({"received_at": now, "processed_at": now})
        events[:1].sudo().write({"received_at": now - timedelta(minutes=20)})
        self.env.flush_all()
        self.platform.invalidate_recordset()
        self.assertEqual(self.platform.on_time_rate, 75)
        self.assertEqual(self.platform.finished_count, 4)
        self.assertEqual(self.platform.lag_median, 0)
        self.assertEqual(self.platform.health, "act")

    def test_a_platform_without_secret(self):
        self.platform.sudo().secret_ids.unlink()
        self.platform.invalidate_recordset()
        self.assertEqual(self.platform.health, "act")
        self.assertIn("secret", self.platform.health_note)

    def test_a_new_platform_on_the_form(self):
        platform = self.env["construction.platform"].new({"name": "New"})
        self.assertEqual((platform.waiting_count, platform.health), (0, "off"))

    # -------------------------------------------------------- installation
    def test_the_queue(self):
        pings = [self.event("platform.pinged", subject=f"ping/{n}") for n in range(2)]
        self.send(*pings)
        due, held = (self.stored(ping["id"]) for ping in pings)
        past = fields.Datetime.now() - timedelta(hours=1)
        due.sudo().write({"next_try_at": past})
        held.sudo().write({"claim": "x", "claim_key": 1, "lease_until": past})
        self.env["construction.drain"]._enqueue("bulk")
        self.env["queue.job"].search([], limit=1).write({"state": "failed"})
        self.env.flush_all()
        screen = self.open()
        self.assertEqual(self.level(screen, "Oldest event that is due"), "act")
        self.assertEqual(self.level(screen, "Events in work"), "look")
        self.assertEqual(self.level(screen, "Failed jobs"), "look")
        self.assertEqual(screen.level, "act")
        self.assertEqual(screen.check_ids[0].level, "act", "the most urgent stands first")

    def test_the_runner(self):
        with patch(f"{WIZARD}._channels", lambda: "root:1"):
            screen = self.open()
        self.assertEqual(self.level(screen, "Job runner"), "act", "none runs beside tests")
        self.assertEqual(self.level(screen, "Job channels"), "look")
        self.assertEqual(self.level(screen, "Loaded with the server"), "fine")
        self.assertEqual(self.level(screen, "Wake-up trigger"), "fine")
        self.env.cr.execute("ALTER TABLE queue_job DISABLE TRIGGER queue_job_notify")
        with (
            patch.dict(config.options, server_wide_modules=["base", "web", "queue_job"]),
            patch(f"{WIZARD}._channels", lambda: "root:2,root.construction:2"),
        ):
            screen = self.open()
        self.assertEqual(self.level(screen, "Loaded with the server"), "look")
        self.assertEqual(self.level(screen, "Job channels"), "fine")
        self.assertEqual(self.level(screen, "Wake-up trigger"), "look")

    def test_the_sweeper(self):
        cron = self.env.ref("construction_sync_base.cron_sweep").sudo()
        now = fields.Datetime.now()
        cron.write({"lastcall": now, "nextcall": now + timedelta(minutes=1), "active": True})
        self.assertEqual(self.level(self.open(), cron.name), "fine")
        cron.nextcall = now - timedelta(minutes=5)
        self.assertEqual(self.level(self.open(), cron.name), "look")
        cron.nextcall = now - timedelta(minutes=20)
        self.assertEqual(self.level(self.open(), cron.name), "act")
        cron.write({"nextcall": now, "failure_count": 2})
        self.assertEqual(self.level(self.open(), cron.name), "look")
        cron.active = False
        self.assertEqual(self.level(self.open(), cron.name), "act")

    def test_the_key_for_secrets(self):
        self.assertEqual(self.level(self.open(), "Key for secrets"), "fine")
        platforms = type(self.env["construction.platform"])
        with patch.object(platforms, "_secret_keys", lambda _self: []):
            self.assertEqual(self.level(self.open(), "Key for secrets"), "act")

    def test_the_audit(self):
        seals = type(self.env["construction.audit.seal"])
        facts = {
            "waiting": 7, "oldest": fields.Datetime.now() - timedelta(hours=2), "signed": False,
            "checkpoint_at": None, "hardened": False, "holes": ["owner: construction_audit"],
        }  # fmt: skip
        with patch.object(seals, "_health", lambda _self: facts):
            screen = self.open()
        self.assertEqual(self.level(screen, "Audit rows without a seal"), "act")
        self.assertEqual(self.level(screen, "Seals are signed"), "look")
        self.assertEqual(self.level(screen, "Audit tables hardened"), "look")

    def test_the_reverse_proxy(self):
        through = FakeRequest(X_Forwarded_For="10.0.0.9", X_Forwarded_Host="odoo.example")
        around, half = FakeRequest(), FakeRequest(X_Forwarded_For="10.0.0.9")
        for proxy_mode, request, level, advice in (
            (True, through, "fine", ""),
            (True, around, "look", "carries no X-Forwarded-Host"),
            (True, half, "look", "carries no X-Forwarded-Host"),
            (False, through, "look", "Set proxy_mode = True"),
            (False, around, "look", "No reverse proxy"),
        ):
            with (
                self.subTest(proxy_mode=proxy_mode, headers=request.headers),
                patch.dict(config.options, proxy_mode=proxy_mode),
            ):
                screen = self.open(request=request)
                self.assertEqual(self.level(screen, "Reverse proxy"), level)
                check = screen.check_ids.filtered(lambda each: each.name == "Reverse proxy")
                self.assertIn(advice, check.advice or "")
