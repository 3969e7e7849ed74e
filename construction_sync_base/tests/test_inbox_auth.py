"""Who may post: the three schemes, on raw bytes, one answer for every refusal."""

import json
import time
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..lib import vault
from .http_case import STRUCTURED, InboxCase, standard_webhooks

PLATFORM = "odoo.addons.construction_sync_base.models.construction_platform_secret"


class AuthCase(InboxCase):
    def assertIn401(self, response):
        self.assertProblem(response, 401, "unauthorized")
        expected = {
            "type": "urn:construction-sync:unauthorized",
            "title": "Not authenticated",
            "status": 401,
        }
        self.assertEqual(response.json(), expected, "one body for every reason")


@tagged("post_install", "-at_install")
class TestStandardWebhooks(AuthCase):
    def signed(self, body, **more):
        return standard_webhooks(more.pop("secret", self.secret), body, **more)

    def test_fault_29_signatures(self):
        body = json.dumps(self.ping()).encode()
        good = self.signed(body)
        signature = good["webhook-signature"]
        wrong = [
            "",
            "v1,",
            "v1",
            signature[:-4],
            signature.replace("v1,", "v2,"),
            signature.replace("v1,", "v1a,"),
            signature.replace("v1,", ""),
            "v1,AAAA",
            "v1,not base64 !!",
            "v1,\xe9\xe9",
            self.signed(body + b" ")["webhook-signature"],
            self.signed(body, message="msg_2")["webhook-signature"],
            self.signed(body, secret="whsec_AAAAAAAAAAAAAAAAAAAAAAAA")["webhook-signature"],
        ]
        for value in wrong:
            self.assertIn401(self.post(body, headers=good | {"webhook-signature": value}))
        for name in good:
            missing = {key: value for key, value in good.items() if key != name}
            self.assertIn401(self.post(body, headers=missing))
        several = f"v1,AAAA v2,{signature[3:]} {signature} v1,BBBB"
        self.assertVerdicts(
            self.post(body, headers=good | {"webhook-signature": several}), "accepted"
        )

    def test_fault_30_timestamps(self):
        body = json.dumps(self.ping()).encode()
        now = int(time.time())
        for stamp in (now - 320, now + 320, 0, -now, f"{now}.5", 10**20, "", f"+{now}", "x"):
            headers = standard_webhooks(self.secret, body, timestamp=stamp)
            self.assertIn401(self.post(body, headers=headers))
        for stamp in (now - 280, now + 280):
            response = self.post(body, headers=self.signed(body, timestamp=stamp))
            self.assertIn(response.status_code, (200, 202))

    def test_fault_31_rotation(self):
        old = self.secret
        new = self.platform.rotate_secret()
        body = json.dumps(self.ping()).encode()
        self.assertVerdicts(self.post(body, headers=self.signed(body, secret=old)), "accepted")
        for secret in (new, old):
            response = self.post(body, headers=self.signed(body, secret=secret))
            self.assertVerdicts(response, "duplicate", status=200)
        both = self.signed(body, secret=old)
        both["webhook-signature"] += " " + self.signed(body, secret=new)["webhook-signature"]
        self.assertVerdicts(self.post(body, headers=both), "duplicate", status=200)
        secrets = self.env["construction.secret"].sudo()
        ending = secrets.search(
            [("platform_id", "=", self.platform.id), ("expires_at", "!=", False)]
        )
        self.assertEqual(len(ending), 1)
        ending.expires_at = "2026-01-01"
        self.env.registry.clear_cache()
        self.assertIn401(self.post(body, headers=self.signed(body, secret=old)))
        self.assertVerdicts(
            self.post(body, headers=self.signed(body, secret=new)), "duplicate", status=200
        )
        neither = self.signed(body, secret="whsec_AAAAAAAAAAAAAAAAAAAAAAAA")
        self.assertIn401(self.post(body, headers=neither))

    def test_fault_31_two_secrets_at_most(self):
        body = json.dumps(self.ping()).encode()
        second, third = self.platform.rotate_secret(), self.platform.rotate_secret()
        self.assertIn401(self.post(body, headers=self.signed(body)))
        for secret in (second, third):
            response = self.post(body, headers=self.signed(body, secret=secret))
            self.assertIn(response.status_code, (200, 202))

    def test_without_a_secret_nothing_is_accepted(self):
        platform = self.make_platform("tests-bare", self.company)
        body = json.dumps(self.ping()).encode()
        for headers in ({}, self.signed(body), self.signed(body, secret="whsec_")):
            self.assertIn401(self.post(body, headers=headers, platform=platform))

    @mute_logger(PLATFORM)
    def test_a_key_that_opens_nothing_refuses_and_does_not_break(self):
        """The server was restarted with another encryption key, or with none."""
        from cryptography.fernet import Fernet

        body = json.dumps(self.ping()).encode()
        for keys in (vault.load_keys(Fernet.generate_key().decode()), []):
            self.env.registry.clear_cache()
            with patch(f"{PLATFORM}.secret_keys", lambda keys=keys: keys):
                self.assertIn401(self.post(body))
        self.env.registry.clear_cache()

    def test_the_body_is_judged_before_it_is_read(self):
        self.assertIn401(self.post(b"{not json", headers={}))
        self.assertIn401(self.post(b"", headers={}))
        self.assertIn401(self.post(b"[" * 5000, headers={}))

    def test_another_scheme_does_not_help(self):
        key = self.platform.create_api_key("reader", days=1)
        self.assertIn401(self.post(self.ping(), headers={"Authorization": f"Bearer {key}"}))


@tagged("post_install", "-at_install")
class TestBearer(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bearer = cls.make_platform("tests-bearer", cls.company, auth_scheme="bearer")
        cls.key = cls.bearer.create_api_key("the platform", days=30)

    def call(self, value, **more):
        headers = {} if value is None else {"Authorization": value}
        return self.post(self.ping(), headers=headers, platform=self.bearer, **more)

    def test_a_key_of_the_service_user(self):
        self.assertVerdicts(self.call(f"Bearer {self.key}"), "accepted")
        self.assertVerdicts(self.call(f"bearer  {self.key} "), "accepted")

    def test_refused(self):
        for value in (
            None, "", "Bearer", "Bearer ", self.key, f"Basic {self.key}", f"Bearer {self.key}x",
            f"Bearer {self.key[:8]}", "Bearer \xe9", f"Token {self.key}",
        ):  # fmt: skip
            self.assertIn401(self.call(value))

    def test_keys_of_others_are_refused(self):
        other = self.make_platform("tests-bearer2", self.company, auth_scheme="bearer")
        self.assertIn401(self.call(f"Bearer {other.create_api_key('x', days=1)}"))
        admin = self.env["res.users.apikeys"]._generate("construction_sync", "mine", None)
        self.assertIn401(self.call(f"Bearer {admin}"))

    def test_fault_31_two_keys_during_a_rotation(self):
        new = self.bearer.create_api_key("next", days=30)
        self.assertVerdicts(self.call(f"Bearer {self.key}"), "accepted")
        self.assertVerdicts(self.call(f"Bearer {new}"), "accepted")
        self.env["res.users.apikeys"].sudo().search([("name", "=", "the platform")]).unlink()
        self.assertIn401(self.call(f"Bearer {self.key}"))
        self.assertVerdicts(self.call(f"Bearer {new}"), "accepted")

    def test_an_expired_key_is_refused(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = '2020-01-01'"
            " WHERE name = 'the platform'"
        )
        self.assertIn401(self.call(f"Bearer {self.key}"))

    def test_the_key_opens_nothing_else_of_odoo(self):
        response = self.url_open(
            "/json/2/res.partner/search",
            data=b"{}",
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        self.assertIn(response.status_code, (401, 403))


@tagged("post_install", "-at_install")
class TestStaticHeader(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.static = cls.make_platform(
            "tests-static", cls.company, auth_scheme="static_header", header_name="X-Token"
        )
        cls.token = cls.static.rotate_secret()

    def call(self, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(self.ping(), headers=headers, platform=self.static)

    def test_the_named_header(self):
        self.assertVerdicts(self.call(X_Token=self.token), "accepted")
        self.assertIn401(self.call())
        self.assertIn401(self.call(X_Token=""))
        self.assertIn401(self.call(X_Token=self.token + "x"))
        self.assertIn401(self.call(Authorization=self.token))
        self.assertIn401(self.call(X_Token="\xe9\xff"))

    def test_fault_31_rotation(self):
        new = self.static.rotate_secret()
        self.assertVerdicts(self.call(X_Token=self.token), "accepted")
        self.assertVerdicts(self.call(X_Token=new), "accepted")
        old = (
            self.env["construction.secret"]
            .sudo()
            .search([("platform_id", "=", self.static.id), ("expires_at", "!=", False)])
        )
        old.expires_at = "2026-01-01"
        self.env.registry.clear_cache()
        self.assertIn401(self.call(X_Token=self.token))
        self.assertVerdicts(self.call(X_Token=new), "accepted")

    def test_a_changed_scheme_retires_the_old_secret(self):
        self.static.auth_scheme = "standard_webhooks"
        self.assertIn401(self.call(X_Token=self.token))
        secret = self.static.rotate_secret()
        body = json.dumps(self.ping()).encode()
        response = self.post(body, headers=standard_webhooks(secret, body), platform=self.static)
        self.assertVerdicts(response, "accepted")

    def test_the_token_is_not_kept_even_in_a_header_that_is(self):
        self.static.header_name = "User-Agent"
        event = self.ping()
        body = json.dumps(event).encode()
        headers = {"Content-Type": STRUCTURED, "User-Agent": self.token}
        response = self.url_open(self.url(self.static), data=body, headers=headers)
        self.assertVerdicts(response, "accepted")
        delivery = self.stored(event["id"], self.static).delivery_id
        self.assertNotIn(self.token, delivery.headers)
