"""Calls to a platform over real TLS: who it says it is, when it is not called, what answers
mean for all workers (faults 38 to 44, 48)."""

import base64
import json
import os
import tempfile
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qs

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..lib import remote
from .common import SyncCase
from .tls_server import TlsServer

TOKEN = {"access_token": "token-one", "token_type": "bearer", "expires_in": 5400}


class CallCase(SyncCase):
    """A platform that answers on this machine; authorities and network are the installation's
    to trust, as on the own premises."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = TlsServer(Path(folder.name), "localhost")
        self.addCleanup(self.server.stop)
        trusted = {
            "CONSTRUCTION_SYNC_TRUSTED_NETWORKS": "127.0.0.0/8 ::1/128",
            "CONSTRUCTION_SYNC_CA_FILE": str(self.server.ca),
        }
        self.enterContext(patch.dict(os.environ, trusted))
        self.enterContext(self.shared_cursors())
        self.there = f"https://localhost:{self.server.port}"
        self.platform.write({"call_url": f"{self.there}/rest", "calls_burst": 1000})

    def call(self, method="GET", path="/v1.0/things", **more):
        self.env.flush_all()  # as committed: the client looks from transactions of its own
        try:
            return self.env["construction.client"]._call(self.platform, method, path, **more)
        finally:
            self.env.invalidate_all()

    def failed(self, kind, *args, **more):
        """The error of a call. `assertRaises` would undo what the transactions beside it kept."""
        try:
            self.call(*args, **more)
        except kind as error:
            return error
        return self.fail(f"no {kind.__name__}")

    def heard(self, number=-1):
        """(first line, headers, body) of what arrived there."""
        head, _blank, body = self.server.requests[number].partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return first, headers, body

    def breaker(self, operation="read"):
        self.env.invalidate_all()
        return self.platform.breaker_ids.filtered(lambda one: one.operation == operation)


@tagged("post_install", "-at_install")
class TestCalls(CallCase, TransactionCase):
    def test_what_is_asked_and_answered(self):
        self.server.plays((200, {"amount": "1.10", "id": 598134325841112}, {}))
        _answer, reading = self.call("POST", value={"sum": "0.10"}, query={"a": "x y"}, key="k-1")
        self.assertEqual(reading.value, {"amount": "1.10", "id": 598134325841112})
        first, headers, body = self.heard()
        self.assertEqual(first, "POST /rest/v1.0/things?a=x+y HTTP/1.1")
        self.assertEqual(headers["Idempotency-Key"], "k-1")
        self.assertEqual(json.loads(body), {"sum": "0.10"})
        self.assertNotIn("Authorization", headers)

    def test_who_it_says_it_is(self):
        self.server.plays((200, {}, {}))
        basic = base64.b64encode(b"sync:s-1").decode()
        for kind, name, text in (
            ("bearer", "Authorization", "Bearer s-1"),
            ("basic", "Authorization", f"Basic {basic}"),
            ("header", "X-Key", "s-1"),
        ):
            self.platform.write({"call_auth": kind, "call_user": "sync", "call_header": "X-Key"})
            self.platform._set_call_secret("s-1")
            self.call()
            self.assertEqual(self.heard()[1][name], text)
        outside = f"CONSTRUCTION_SYNC_CALLS_{self.key()}"
        with patch.dict(os.environ, {outside: "from-outside"}):
            refused = self.failed(remote.Refused)
            self.assertIn("none of the hosts that the installation names", str(refused))
            with patch.dict(os.environ, {f"{outside}_HOSTS": f"localhost:{self.server.port}"}):
                self.call()
        self.assertEqual(self.heard()[1]["X-Key"], "from-outside")
        self.assertTrue(self.platform.has_secret, "what arrives has a secret of its own")

    def key(self):
        return self.platform.key.replace("-", "_").upper()

    def test_no_answer_opens_the_breaker_and_one_probe_closes_it(self):
        self.server.plays((503, b"", {}))
        for _number in range(5):
            self.failed(remote.Failed)
        later = self.failed(remote.Later)
        self.assertAlmostEqual(later.wait, 30, delta=2)
        self.assertEqual(len(self.server.requests), 5, "it is left alone")
        self.assertEqual(self.breaker().state, "open")
        self.assertIn("503", self.breaker().last_error)
        self.call_passes("write")  # another operation is its own
        self.breaker().sudo().retry_at = 1
        self.call_passes("read")
        self.assertEqual(self.breaker().state, "closed")

    def call_passes(self, operation):
        self.server.plays((200, {}, {}))
        self.call({"read": "GET", "write": "POST"}[operation])

    def test_too_many_calls_pause_all_and_blame_nobody(self):
        self.server.plays((429, {"message": "slow down"}, {"Retry-After": "120"}))
        later = self.failed(remote.Later)
        self.assertEqual(later.wait, 120)
        later = self.failed(remote.Later, "POST")
        self.assertAlmostEqual(later.wait, 120, delta=2)
        self.assertEqual(len(self.server.requests), 1)
        self.assertFalse(self.breaker().failures)

    def test_a_limit_that_is_used_up_is_not_tried(self):
        headers = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "99999999999"}
        self.server.plays((200, {}, headers))
        self.call()
        self.failed(remote.Later)
        self.assertEqual(len(self.server.requests), 1)

    def test_answers_that_are_none(self):
        self.server.plays((200, b"<html>Sign in", {"Content-Type": "text/html"}))
        self.failed(remote.Failed)
        self.server.plays((200, b'{"a": [1,', {}))
        self.failed(remote.Failed)
        self.assertEqual(self.breaker().failures, 2)

    def test_a_refusal_is_an_answer(self):
        self.server.plays((422, {"errors": {"number": ["is taken"]}}, {}))
        refused = self.failed(remote.Refused, "POST", value={})
        self.assertIn("number: is taken", str(refused))
        self.assertEqual(refused.reading.value["errors"], {"number": ["is taken"]})
        self.assertFalse(self.breaker("write").failures)

    def test_nobody_is_led_elsewhere(self):
        self.server.plays((301, b"", {"Location": "http://169.254.169.254/latest"}))
        self.failed(remote.Refused)
        self.assertEqual(len(self.server.requests), 1)
        unsafe = self.failed(remote.Refused, path="https://localhost:1/elsewhere")
        self.assertIn("not on the list of hosts", str(unsafe))
        audit = self.env["construction.audit"].search([("action", "=", "call_refused")])
        self.assertEqual(set(audit.mapped("res_id")), {self.platform.id})

    def test_who_may_not_be_called(self):
        self.platform.action_pause()
        self.assertIn("no active platform", str(self.failed(remote.Refused)))
        self.assertFalse(self.server.requests)
        self.platform.action_activate()
        self.call_passes("read")
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "True")
        self.assertIn("no active platform", str(self.failed(remote.Refused)))
        self.assertEqual(len(self.server.requests), 1)

    def test_sandbox_and_production(self):
        self.platform.environment = "sandbox"
        self.platform.call_url = "https://sandbox.procore.com"
        with self.assertRaisesRegex(ValidationError, "belongs to the other environment"):
            self.platform.environment = "production"
        for url in ("http://a.test", "https://u:p@a.test", "ftp://a.test", "a.test",
                    "https://10.0.0.5:8443", "https://a.test/?x=1"):  # fmt: skip
            with self.assertRaisesRegex(ValidationError, "no plain https address"):
                self.platform.call_url = url

    def test_stopped_and_let_pass_by_hand(self):
        row = self.breaker()
        finance = self.make_user("calls-finance", "finance")
        manager = self.make_user("calls-manager", "integration_manager")
        with self.assertRaises(AccessError):
            row.with_user(finance).action_stop()
        row.with_user(manager).action_stop()
        self.assertEqual(self.breaker().state, "stopped")
        self.failed(remote.Later)
        self.breaker().with_user(manager).action_close()
        self.call_passes("read")

    def test_a_secret_stays_with_its_hosts(self):
        """Whoever sends calls elsewhere does not take the secret along."""
        self.platform.call_auth = "bearer"
        self.platform._set_call_secret("s-1")
        self.platform.call_url = f"{self.there}/other"
        self.assertTrue(self.platform.has_call_secret)
        self.platform.call_url = "https://collector.example.com"
        self.assertFalse(self.platform.has_call_secret)
        self.assertIn("enter the secret", str(self.failed(remote.Refused)))

    def test_set_up_by_its_own_company(self):
        second = self.make_company("Calls Second")
        self.platform.company_ids |= second
        guest = self.make_user("calls-guest", "integration_manager", company=second)
        self.platform.with_user(guest).name = "Theirs too"
        with self.assertRaisesRegex(AccessError, "are set up by people of"):
            self.platform.with_user(guest).call_url = "https://collector.example.com"

    def test_the_button(self):
        self.platform.call_test_path = "/me"
        self.server.plays((404, {"message": "no such path"}, {}))
        with self.assertRaisesRegex(UserError, "no such path"):
            self.platform.action_test_calls()
        self.server.plays((200, {}, {}))
        self.assertEqual(self.platform.action_test_calls()["tag"], "display_notification")


@tagged("post_install", "-at_install")
class TestTokens(CallCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.platform.write(
            {"call_auth": "oauth_client", "call_user": "id-1", "token_url": f"{self.there}/token"}
        )
        self.platform._set_call_secret("s-1")

    def paths(self):
        return [request.split(b" ", 2)[1].decode() for request in self.server.requests]

    def test_one_token_for_many_calls(self):
        self.server.plays((200, TOKEN, {}), (200, {}, {}))
        self.call()
        self.call()
        self.assertEqual(self.paths(), ["/token", *["/rest/v1.0/things"] * 2])
        self.assertEqual(self.heard()[1]["Authorization"], "Bearer token-one")
        asked = parse_qs(self.heard(0)[2].decode())
        self.assertEqual(asked["grant_type"], ["client_credentials"])
        self.assertEqual(asked["client_secret"], ["s-1"])
        kept = self.env["construction.secret"].sudo().search([("purpose", "=", "token")])
        self.assertNotIn("token-one", kept.stored)

    def test_it_ends_in_the_middle(self):
        fresh = TOKEN | {"access_token": "t2"}
        self.server.plays((200, TOKEN, {}), (401, {}, {}), (200, fresh, {}), (200, {"a": 1}, {}))
        self.assertEqual(self.call()[1].value, {"a": 1})
        self.assertEqual(self.heard()[1]["Authorization"], "Bearer t2")
        self.assertFalse(self.breaker().failures)

    def test_not_taken_twice_is_a_refusal(self):
        self.server.plays((200, TOKEN, {}), (401, {}, {}), (200, TOKEN, {}), (401, {}, {}))
        self.failed(remote.Refused)
        self.assertEqual(len(self.paths()), 4)

    def authorized(self):
        self.platform.write({"call_auth": "oauth_code", "authorize_url": f"{self.there}/page"})
        self.server.plays((200, TOKEN | {"refresh_token": "r1", "expires_in": 1e-6}, {}))
        self.platform._take_code("c-1", "v-1")

    def test_a_refresh_token_is_used_once(self):
        self.authorized()
        sent = parse_qs(self.heard()[2].decode())
        self.assertEqual((sent["code"], sent["code_verifier"]), (["c-1"], ["v-1"]))
        again = TOKEN | {"access_token": "t2", "refresh_token": "r2", "expires_in": 1e-6}
        self.server.plays((200, again, {}), (200, {}, {}), (200, TOKEN, {}), (200, {}, {}))
        self.call()
        self.call()
        told = [
            parse_qs(request.partition(b"\r\n\r\n")[2].decode()).get("refresh_token")
            for request in self.server.requests
            if b" /token " in request
        ]
        self.assertEqual(told, [None, ["r1"], ["r2"]])

    def test_revoked_is_told_once(self):
        self.authorized()
        self.server.plays((400, {"error": "invalid_grant"}, {}))
        for _number in range(3):
            self.failed(remote.Refused)
        self.assertEqual(self.platform.call_state, "reauthorize")
        self.assertEqual(self.paths().count("/token"), 2, "and not asked again")
        told = self.platform.message_ids.filtered(lambda one: "invalid_grant" in (one.body or ""))
        self.assertEqual(len(told), 1)
        self.server.plays((200, TOKEN, {}), (200, {}, {}))
        self.platform._take_code("c-2", "v-2")
        self.call()

    def test_no_token_is_no_revocation(self):
        for status, value in ((503, b""), (403, b"<html>firewall"), (404, {}), (302, b"")):
            self.server.plays((status, value, {}))
            self.failed(remote.Failed)
            self.assertEqual(self.platform.call_state, "ready", status)
        self.assertEqual(self.breaker("token").failures, 0, "the last ones were answers")
        self.server.plays((429, b"", {"Retry-After": "70"}))
        self.assertEqual(self.failed(remote.Later).wait, 70)
        asked = len(self.server.requests)
        self.failed(remote.Later)
        self.assertEqual(len(self.server.requests), asked, "everybody waits")

    def test_nothing_is_authorised_from_a_copy(self):
        self.platform.write({"call_auth": "oauth_code", "authorize_url": f"{self.there}/page"})
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "True")
        with self.assertRaisesRegex(UserError, "no active platform"):
            self.platform.action_authorize()
        with self.assertRaisesRegex(UserError, "no active platform"):
            self.platform._take_code("c-1", "v-1")
        self.assertFalse(self.server.requests)
