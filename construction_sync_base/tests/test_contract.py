"""The contract as published: made from what validates, and true to the controllers."""

import ast
import json
from datetime import date
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..lib import catalogue, endpoints, openapi, problems
from ..models.construction_event import STATES
from .http_case import BATCHED, InboxCase

ADDON = Path(__file__).resolve().parent.parent
OLD = "construction.platform.pinged.v1"
NEW = "construction.platform.pinged.v2"


def deprecated(env, sunset=date(2027, 5, 1)):
    """The catalogue as it is once the ping has a second version."""
    versions = dict(env["construction.handler"]._catalogue())
    schema = versions[OLD].schema | {"deprecated": True}
    versions[OLD] = catalogue.TypeVersion(
        OLD, "platform", "pinged", 1, False, schema, date(2026, 11, 1), sunset, NEW
    )
    versions[NEW] = catalogue.TypeVersion(
        NEW, "platform", "pinged", 2, False, versions[OLD].schema | {"deprecated": False}
    )
    return versions


@tagged("post_install", "-at_install")
class TestContract(InboxCase):
    def get(self, path):
        return self.url_open(f"/construction_sync/v1/{path}")

    def sendable(self):
        return set(self.handler._names()) - {"construction.webhook.received.v1"}

    def test_openapi(self):
        answer = self.get("openapi.json")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        document = answer.json()
        self.assertEqual(document["openapi"], "3.1.0")
        schemas = document["components"]["schemas"]
        for event_type in self.sendable():
            self.assertIn(event_type, schemas)
            self.assertIn(f"{event_type}.event", schemas)
        self.assertNotIn("construction.webhook.received.v1", schemas, "nobody sends it")
        self.assertEqual(
            set(schemas["EventState"]["properties"]["state"]["enum"]),
            {name for name, _label in STATES},
        )

    def test_asyncapi(self):
        document = self.get("asyncapi.json").json()
        self.assertEqual(document["asyncapi"], "3.0.0")
        self.assertEqual(set(document["channels"]["events"]["messages"]), self.sendable())
        told = set(document["channels"]["told"]["messages"])
        self.assertEqual(set(document["components"]["messages"]), self.sendable() | told)
        schema = self.get(f"schemas/{min(told)}").json()
        self.assertEqual(schema["$id"], min(told), "each is published")
        base_url = self.env["ir.config_parameter"].get_base_url()
        server = document["servers"]["odoo"]
        self.assertEqual(f"{server['protocol']}://{server['host']}", base_url)

    def test_every_schema_is_the_file_that_validates(self):
        for event_type in self.handler._names():
            answer = self.get(f"schemas/{event_type}")
            self.assertEqual(answer.headers["Content-Type"], "application/schema+json")
            path = self.handler._for_type(event_type)._schema_path()
            self.assertEqual(answer.content, path.read_bytes())
            self.assertEqual(answer.json()["$id"], event_type)

    def test_a_schema_that_does_not_exist(self):
        for name in ("construction.nothing.done.v1", "..__manifest__", "x"):
            self.assertProblem(self.get(f"schemas/{name}"), 404, "unknown-schema")

    def test_every_installed_type_can_be_published(self):
        self.assertEqual(set(self.handler._catalogue()), set(self.handler._names()))

    # -------------------------------------------------- one truth with the code
    def test_every_route_is_in_the_table(self):
        routes = {
            (method, endpoints.shape(address))
            for method, address in self.env["construction.contract"]._routes()
        }
        self.assertGreater(len(routes), 5)
        known = {(entry.method, endpoints.shape(entry.path)) for entry in endpoints.ENDPOINTS}
        self.assertEqual(routes - known, set(), "a route that the documents do not know")

    def test_every_refusal_of_the_controllers_is_in_the_table(self):
        """Literals of a status and a kind next to each other, as refusals are written."""
        found = set()
        for path in (ADDON / "controllers").glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    values = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    if len(values) > 1 and isinstance(values[0], int) and 400 <= values[0] < 600:
                        found.add((values[1], values[0]))
        known = {(kind, problem.status) for kind, problem in problems.PROBLEMS.items()}
        self.assertGreater(len(found), 5)
        self.assertEqual(found - known, set())

    def test_every_scheme_is_described(self):
        schemes = self.env["construction.contract"]._schemes()
        self.assertEqual(set(schemes) - set(endpoints.SCHEMES), set())
        described = json.loads(self.env["construction.contract"]._openapi())
        for name in schemes:
            self.assertTrue(
                any(key.partition(".")[0] == name for key in _schemes_of(described)), name
            )

    # ------------------------------------------------------------- deprecation
    def test_no_hint_where_nothing_is_deprecated(self):
        answer = self.post(self.ping())
        self.assertNotIn("Deprecation", answer.headers)
        self.assertNotIn("Sunset", answer.headers)

    def test_the_answer_warns_the_sender_of_a_deprecated_type(self):
        versions = deprecated(self.env)
        contract = type(self.env["construction.contract"])
        going = {OLD: versions[OLD]}
        with patch.object(contract, "_deprecated", lambda self: going):
            answer = self.post([self.ping(), self.ping()], BATCHED)
            self.assertVerdicts(answer, "accepted", "accepted")
            self.assertEqual(answer.headers["Deprecation"], "@1793491200")
            self.assertEqual(answer.headers["Sunset"], "Sat, 01 May 2027 00:00:00 GMT")
            self.assertEqual(
                answer.headers["Link"],
                f'</construction_sync/v1/schemas/{NEW}>; rel="successor-version"',
            )
            self.assertIn("Deprecation", self.get(f"schemas/{OLD}").headers)
            other = self.post(self.event("job.upserted", data=self.job_data()))
            self.assertNotIn("Deprecation", other.headers)

    def test_the_documents_show_both_versions(self):
        document = openapi.document(deprecated(self.env).values(), [], ["bearer"])
        schemas = document["components"]["schemas"]
        self.assertTrue(schemas[f"{OLD}.event"]["deprecated"])
        self.assertNotIn("deprecated", schemas[f"{NEW}.event"])

    def test_a_broken_file_of_an_addon_hides_its_own_type_only(self):
        handler = type(self.handler)
        self.env.registry.clear_cache("stable")
        self.addCleanup(self.env.registry.clear_cache, "stable")
        with (
            patch.object(catalogue, "read", side_effect=_broken_ping(catalogue.read)),
            mute_logger("odoo.addons.construction_sync_base.models.construction_handler"),
        ):
            found = handler._catalogue(self.handler)
        self.assertEqual(set(self.handler._names()) - set(found), {OLD})


def _schemes_of(document):
    return document["components"]["securitySchemes"]


def _broken_ping(read):
    def reading(path, replaces):
        if path.name == f"{OLD}.json":
            raise ValueError("broken")
        return read(path, replaces)

    return reading
