"""Two versions of one type side by side, as an addon adds the second: a schema file and a
handler. The second version exists in these tests only."""

import json
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo import models
from odoo.tests import tagged

from ..lib import catalogue, schema_check
from .http_case import BATCHED, InboxCase

OLD, NEW = "construction.job.upserted.v1", "construction.job.upserted.v2"
NAME = "construction.handler.job.upserted.v2"


@tagged("post_install", "-at_install")
class TestTypeVersions(InboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls._write_schemas()
        cls._add_handler()
        old = type(cls.env["construction.handler.job.upserted"])
        cls.startClassPatcher(patch.object(old, "_schema_folder", cls.folder))
        cls.addClassCleanup(cls.env.registry.clear_cache, "stable")
        cls.env.registry.clear_cache("stable")

    @classmethod
    def _write_schemas(cls):
        """The second version says `title` for `name`; the first one is to go."""
        schema = schema_check.load(schema_check.SCHEMAS / f"{OLD}.json")
        going = {
            "deprecated": True,
            "x-deprecated-on": "2026-11-01",
            "x-sunset-on": "2027-05-01",
            "x-successor": NEW,
        }
        (cls.folder / f"{OLD}.json").write_text(json.dumps(schema | going))
        properties = dict(schema["properties"])
        properties["title"] = properties.pop("name")
        required = ["title" if name == "name" else name for name in schema["required"]]
        second = schema | {"$id": NEW, "properties": properties, "required": required}
        (cls.folder / f"{NEW}.json").write_text(json.dumps(second))

    @classmethod
    def _add_handler(cls):  # pylint: disable=missing-return
        from odoo.orm.model_classes import add_to_registry  # noqa: PLC0415 (as Odoo's own tests)

        class JobUpserted2(models.AbstractModel):
            _name = NAME
            _inherit = ["construction.handler.job.upserted"]  # a list: nobody registers it
            _description = "job.upserted, second version"
            _register = False
            _module = "construction_sync_base"
            _event_type = NEW
            _schema_folder = cls.folder

            def _apply(self, items):
                for item in items:
                    item.data["name"] = item.data.pop("title")
                return super()._apply(items)

        registry = cls.env.registry
        add_to_registry(registry, JobUpserted2)
        registry._setup_models__(cls.env.cr, [NAME])
        cls.addClassCleanup(registry._setup_models__, cls.env.cr, [])
        parent = registry["construction.handler.job.upserted"]
        cls.addClassCleanup(parent._inherit_children.discard, NAME)
        cls.addClassCleanup(registry.models.pop, NAME)

    def second(self, **more):
        data = self.job_data()
        data["title"] = data.pop("name")
        return self.event(NEW, data=data | more.pop("data", {}), **more)

    def test_each_version_by_its_own_handler_and_schema(self):
        first = self.event(OLD, data=self.job_data("J8", number="26-8"), sequence=1)
        second = self.second(data={"external_id": "J9", "number": "26-9"}, sequence=1)
        second["subject"] = "job/J9"
        mixed = self.event(NEW, data=self.job_data("J7"), sequence=1)
        self.apply(first, second, mixed)
        self.assertEqual((self.state(first["id"]), self.state(second["id"])), ("processed",) * 2)
        self.assertEqual(self.bound("job", "J9").name, second["data"]["title"])
        self.assertParked(mixed["id"], "schema")

    def test_both_versions_order_one_record(self):
        """A newer snapshot takes the place of an older one, whichever version it is."""
        newer = self.second(data={"title": "Two"}, sequence=2)
        older = self.event(OLD, data=self.job_data(name="One"), sequence=1)
        newest = self.event(OLD, data=self.job_data(name="Three"), sequence=3)
        self.process(newer)
        self.apply(older)
        self.assertEqual(self.state(older["id"]), "superseded")
        self.assertEqual(self.bound("job", "J1").name, "Two")
        self.process(newest)
        self.assertEqual(self.bound("job", "J1").name, "Three")
        self.assertEqual(len(self.env["project.project"].search([("job_number", "=", "26-J1")])), 1)

    def test_the_sender_of_the_first_one_is_warned(self):
        old = self.event(OLD, data=self.job_data("J8", number="26-8"))
        new = self.second(data={"external_id": "J9", "number": "26-9"})
        both = self.post([new, old], BATCHED)
        self.assertEqual(both.headers["Sunset"], "Sat, 01 May 2027 00:00:00 GMT")
        self.assertIn(NEW, both.headers["Link"])
        self.assertNotIn("Deprecation", self.post(self.second()).headers)

    def test_both_are_published(self):
        schemas = self.url_open("/construction_sync/v1/openapi.json").json()["components"][
            "schemas"
        ]
        self.assertTrue(schemas[f"{OLD}.event"]["deprecated"])
        self.assertIn("title", schemas[NEW]["properties"])
        self.assertIn("name", schemas[OLD]["properties"])
        answer = self.url_open(f"/construction_sync/v1/schemas/{NEW}")
        self.assertEqual(answer.json()["$id"], NEW)

    def test_the_form_shows_who_has_to_change(self):
        old = self.event(OLD, data=self.job_data("J8"))
        self.send(old, self.second())
        self.env["construction.event"].search(
            [("platform_id", "=", self.platform.id)]
        ).received_at = "2026-01-02 03:04:05"
        self.env["construction.type.day"]._count()
        self.env.invalidate_all()
        usage = {usage.type: usage for usage in self.platform.type_usage_ids}
        self.assertEqual((usage[OLD].status, usage[OLD].successor), ("deprecated", NEW))
        self.assertEqual(usage[NEW].status, "current")
        self.assertEqual({u.events for u in usage.values()}, {1})

    def test_the_catalogue_reads_the_dates(self):
        found = self.handler._catalogue()
        self.assertIsInstance(found[OLD], catalogue.TypeVersion)
        self.assertEqual((found[NEW].version, found[NEW].deprecated_on), (2, None))
