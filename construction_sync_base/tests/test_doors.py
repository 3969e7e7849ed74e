"""Further ways in: HMAC headers, binary CloudEvents, addresses, and keys by scope."""

import base64
import hashlib
import hmac
import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tests.common import HOST
from odoo.tools import mute_logger

from .http_case import InboxCase, standard_webhooks
from .test_inbox_auth import AuthCase

JSON = "application/json"


def hmac_header(scheme, secret, body):
    algorithm = hashlib.sha1 if scheme == "hmac_sha1_hex" else hashlib.sha256
    digest = hmac.new(secret.encode(), body, algorithm)
    if scheme == "hmac_sha256_base64":
        return base64.b64encode(digest.digest()).decode()
    return digest.hexdigest()


@tagged("post_install", "-at_install")
class TestHmac(AuthCase):
    def given(self):
        super().given()
        self.body = json.dumps(self.ping()).encode()

    def hashed(self, scheme, **values):
        platform = self.make_platform(
            self.unique("tests-hmac"), self.company, auth_scheme=scheme, **values
        )
        return platform, platform.rotate_secret()

    def call(self, platform, value, body=None):
        headers = {} if value is None else {platform.header_name: value}
        return self.post(body or self.body, headers=headers, platform=platform)

    def test_autodesk_s_form_is_what_sha1_starts_with(self):
        platform, secret = self.hashed("hmac_sha1_hex")
        self.assertEqual(platform.header_name, "X-Adsk-Signature")
        self.assertEqual(platform.signature_prefix, "sha1hash=")
        self.assertTrue(32 <= len(secret) <= 64, "what Autodesk takes as a token")
        value = hmac_header("hmac_sha1_hex", secret, self.body)
        self.assertIn401(self.call(platform, value))
        self.assertVerdicts(self.call(platform, f"sha1hash={value}"), "accepted")

    def test_every_scheme_accepts_what_was_signed_and_nothing_else(self):
        for scheme in ("hmac_sha1_hex", "hmac_sha256_hex", "hmac_sha256_base64"):
            platform, secret = self.hashed(
                scheme, header_name="X-Hub-Signature", signature_prefix="s="
            )
            good = "s=" + hmac_header(scheme, secret, self.body)
            for wrong in (
                None,
                "",
                "s=",
                good[2:],
                good[:-2],
                good + "AA",
                "s=\xe9\xff",
                "x" + good,
            ):
                self.assertIn401(self.call(platform, wrong))
            self.assertIn401(self.call(platform, good, self.body + b" "))
            self.assertVerdicts(self.call(platform, good), "accepted")

    def test_a_secret_that_the_platform_made(self):
        """Entered in a dialog that keeps nothing of it; weak ones are refused."""
        theirs = "made-by-the-vendor-2026"
        for scheme in ("hmac_sha256_hex", "static_header"):
            platform = self.make_platform(
                self.unique("tests-theirs"), self.company, auth_scheme=scheme
            )
            enter = self.env["construction.secret.enter"].with_context(
                **platform.action_enter_secret_dialog()["context"]
            )
            with self.assertRaises(UserError):
                enter.create({"secret": "short"})
            dialog = enter.create({"secret": theirs})
            dialog.invalidate_recordset()
            self.assertFalse(dialog.secret)
            proof = theirs if scheme == "static_header" else hmac_header(scheme, theirs, self.body)
            self.assertIn401(self.call(platform, proof[:-1]))
            self.assertVerdicts(self.call(platform, proof), "accepted")
            self.env.cr.execute("SELECT d::text FROM construction_secret_enter d")
            self.assertNotIn(theirs, str(self.env.cr.fetchall()))

    def test_fault_31_rotation(self):
        platform, old = self.hashed("hmac_sha256_hex")
        new = platform.rotate_secret()
        for secret, status in ((old, 202), (new, 200)):
            value = hmac_header("hmac_sha256_hex", secret, self.body)
            self.assertEqual(self.call(platform, value).status_code, status)
        platform.rotate_secret(overlap_hours=0)
        for secret in (old, new):
            value = hmac_header("hmac_sha256_hex", secret, self.body)
            self.assertIn401(self.call(platform, value))

    def test_the_secret_is_stored_encrypted(self):
        platform, secret = self.hashed("hmac_sha256_base64")
        stored = platform.sudo().secret_ids
        self.env.cr.execute("SELECT stored FROM construction_secret WHERE id = %s", (stored.id,))
        text = self.env.cr.fetchone()[0]
        self.assertNotIn(secret, text)
        self.assertNotIn(hashlib.sha256(secret.encode()).hexdigest(), text)
        self.assertTrue(stored.key_id)

    def test_without_a_secret_nothing_is_accepted(self):
        platform = self.make_platform(
            "tests-hmac-bare", self.company, auth_scheme="hmac_sha256_hex"
        )
        self.assertIn401(self.call(platform, hmac_header("hmac_sha256_hex", "", self.body)))

    def test_the_header_s_name_is_checked(self):
        for name in ("", "X Y", "X_Y", "é", "X:Y", "X\r\nY", "-x"):
            with self.assertRaises(ValidationError):
                self.platform.header_name = name


@tagged("post_install", "-at_install")
class TestBinaryMode(InboxCase):
    def binary(self, event, **changes):
        data = json.dumps(event["data"]).encode()
        attributes = {k: v for k, v in event.items() if k != "data"} | changes
        headers = {f"ce-{k}": v for k, v in attributes.items() if v is not None}
        return self.post(data, JSON, headers=standard_webhooks(self.secret, data) | headers)

    def test_stored_and_applied_like_any_other(self):
        event = self.event(
            "cost_code.upserted",
            data=self.cost_code_data("31-100"),
            sequence=3,
            time="2026-03-02T10:00:00Z",
        )
        self.assertVerdicts(self.binary(event), "accepted")
        self.assertVerdicts(self.post(event), "duplicate", status=200)
        self.drain()
        stored = self.stored(event["id"])
        self.assertEqual((stored.state, stored.sequence), ("processed", "3"))
        kept = json.loads(stored.delivery_id.headers)
        self.assertEqual(kept["Ce-Id"], event["id"], "body and headers together are the evidence")
        self.assertNotIn("Webhook-Signature", kept)

    def test_percent_decoding(self):
        event = self.ping()
        self.assertVerdicts(self.binary(event, subject="ping/%C3%9Cber%20%22A%22"), "accepted")
        self.assertEqual(self.stored(event["id"]).subject, 'ping/Über "A"')

    def test_malformed_is_2xx_and_every_one_is_kept(self):
        """Two messages with one body differ by their headers."""
        first, second = self.ping(), self.ping()
        for event in (first, second, second):
            body = self.assertVerdicts(self.binary(event, subject=None), "malformed")
            self.assertEqual(body["results"][0]["event_id"], event["id"])
        issues = self.env["construction.issue"].search(
            [("platform_id", "=", self.platform.id), ("category", "=", "malformed")]
        )
        self.assertEqual(len(issues), 2)

    def test_json_without_attributes_is_no_event(self):
        self.assertProblem(self.post(self.ping(), JSON), 415, "media-type")

    def test_attributes_in_headers_say_nothing_in_structured_mode(self):
        event = self.ping()
        self.assertVerdicts(self.post(event, **{"ce-id": "other"}), "accepted")
        self.assertTrue(self.stored(event["id"]))


@tagged("post_install", "-at_install")
class TestAllowedAddresses(AuthCase):
    def from_address(self, address, platform=None):
        """The test server sees 127.0.0.1; a proxy's word counts in proxy mode."""
        with patch("odoo.addons.construction_sync_base.controllers.common.remote_address",
                   return_value=address):  # fmt: skip
            return self.post(self.ping())

    def test_only_from_the_listed_networks(self):
        self.platform.allowed_networks = "203.0.113.0/24\n2001:db8::/32"
        for address in ("203.0.113.9", "2001:db8::7", "::ffff:203.0.113.9"):
            self.assertVerdicts(self.from_address(address), "accepted")
        for address in ("203.0.114.9", "2001:db9::7", "127.0.0.1", ""):
            self.assertIn401(self.from_address(address))

    def test_the_real_address_of_the_connection(self):
        self.platform.allowed_networks = "127.0.0.0/8"
        self.assertVerdicts(self.post(self.ping()), "accepted")
        self.platform.allowed_networks = "203.0.113.0/24"
        self.assertIn401(self.post(self.ping()))
        forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "localhost"}
        self.assertIn401(self.post(self.ping(), **forged))
        key = self.platform.create_api_key("reader", days=1)
        reading = self.url_open(
            f"{self.url()}?source=x&id=y", headers={"Authorization": f"Bearer {key}"}
        )
        self.assertIn401(reading)

    def test_a_list_that_cannot_be_read_is_refused_with_its_reason(self):
        with self.assertRaisesRegex(ValidationError, "10.0.0.5/8 has host bits"):
            self.platform.allowed_networks = "203.0.113.0/24 10.0.0.5/8"


@tagged("post_install", "-at_install")
class TestScopes(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keyed = cls.make_platform("tests-scope", cls.company, auth_scheme="bearer")
        cls.manager = cls.make_user("scope-manager", "integration_manager")

    def key(self, scope, user):
        return self.env["res.users.apikeys"].with_user(user).sudo()._generate(scope, "k", None)

    def call(self, key):
        headers = {"Authorization": f"Bearer {key}"}
        return self.post(self.ping(), headers=headers, platform=self.keyed)

    def test_another_scope_or_a_global_key_is_refused(self):
        user = self.keyed.sudo().service_user_id
        self.assertVerdicts(self.call(self.key("construction_sync", user)), "accepted")
        for scope in (None, "rpc", "construction_metrics", "construction_sync2", ""):
            self.assertIn401(self.call(self.key(scope, user)))

    def test_scoped_user(self):
        keys = self.env["res.users.apikeys"]
        metrics = self.key("construction_metrics", self.manager)
        self.assertEqual(keys._scoped_user("construction_metrics", metrics), self.manager.id)
        self.assertEqual(
            keys._scoped_user("construction_metrics", f" {metrics}\n"), self.manager.id
        )
        for key in (metrics[:-1], metrics[:8], "", None, "é" * 40, "\x00", "a b", metrics + "\x00"):
            self.assertIsNone(keys._scoped_user("construction_metrics", key))
        self.assertIsNone(keys._scoped_user("construction_sync", metrics))
        self.assertIsNone(keys._scoped_user("construction_metrics", self.key(None, self.manager)))
        self.manager.active = False
        self.env.flush_all()
        self.assertIsNone(keys._scoped_user("construction_metrics", metrics))

    @mute_logger("odoo.addons.base.models.res_users")
    def test_a_metrics_key_is_made_in_the_dialog(self):
        Wizard = self.env["construction.metrics.key"]
        wizard = Wizard.with_user(self.manager).create({"name": "prometheus", "days": 90})
        action = wizard.action_make()
        key = action["context"]["default_secret"]
        scoped = self.env["res.users.apikeys"]._scoped_user("construction_metrics", key)
        self.assertEqual(scoped, self.manager.id)
        made = self.env["res.users.apikeys"].search([("user_id", "=", self.manager.id)])
        self.assertEqual((made.name, made.scope), ("prometheus", "construction_metrics"))
        self.assertTrue(made.expiration_date)
        for days in (0, -1, 367):
            with self.assertRaises(ValidationError):
                Wizard.with_user(self.manager).create({"name": "x", "days": days}).action_make()
        auditor = self.make_user("scope-auditor", "auditor")
        with self.assertRaises(AccessError):
            Wizard.with_user(auditor).create({"name": "x"})

    def test_an_api_key_of_a_signing_platform_from_its_form(self):
        """It reads states (GET); what it posts is refused."""
        action = self.platform.with_user(self.manager).action_new_api_key()
        key = action["context"]["default_secret"]
        headers = {"Authorization": f"Bearer {key}"}
        self.assertIn401(self.post(self.ping(), headers=headers))
        event = self.ping()
        self.post(event)
        state = self.url_open(
            f"{self.url()}?source=//platform.example&id={event['id']}", headers=headers
        )
        self.assertEqual(state.status_code, 200)


@tagged("post_install", "-at_install")
class TestFaultsOfOurs(InboxCase):
    """Threat: wrong route type. A sender reads no traceback and takes no error for success."""

    @mute_logger("odoo.addons.construction_sync_base.controllers.common")
    def test_a_bug_is_503_and_tells_nothing(self):
        inbox = self.env.registry["construction.inbox"]
        for error in (RuntimeError("canary-7"), KeyError("canary-7"), RecursionError("canary-7")):
            with patch.object(inbox, "_insert", side_effect=error):
                response = self.post(self.ping())
            self.assertProblem(response, 503, "unavailable")
            self.assertEqual(response.headers["Retry-After"], "30")
            self.assertNotIn("canary-7", response.text)
            self.assertNotIn("Traceback", response.text)
        self.assertVerdicts(self.post(self.ping()), "accepted")

    def test_nothing_changes_by_get(self):
        """Threat: CSRF. Buttons and doors that change something take no GET."""
        for path in (self.url(door="webhooks"), self.url(door="files/" + "0" * 64)):
            self.assertEqual(self.url_open(path).status_code, 405, path)
        path = "/web/dataset/call_kw/construction.event/action_replay"
        self.assertIn(self.url_open(path).status_code, (404, 405, 415))

    def test_the_session_of_a_browser_is_no_proof(self):
        """Threat: CSRF. A cookie neither opens the door nor is one set: not for a caller without
        a session, whom Odoo would give one, nor for one who makes an id up, nor on a refusal."""
        stranger = self.post(self.ping())
        self.assertVerdicts(stranger, "accepted")
        self.opener.cookies.set("session_id", "a" * 84, domain=HOST, path="/")
        made_up = self.post(self.ping())
        self.assertVerdicts(made_up, "accepted")
        for response in (stranger, made_up, self.post(self.ping(), headers={})):
            self.assertNotIn("Set-Cookie", response.headers)
        self.authenticate("admin", "admin")
        self.assertProblem(self.post(self.ping(), headers={}), 401, "unauthorized")
        response = self.post(self.ping())
        self.assertVerdicts(response, "accepted")
        self.assertNotIn("Set-Cookie", response.headers)
