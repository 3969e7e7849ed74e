"""The published schemas: whole, alike in their shared parts, and as strict as they are meant."""

import json
from collections import defaultdict

import pytest
from jsonschema import Draft202012Validator

from tests.pure.construction_sync_base.published_schemas import (
    SCHEMAS,
    TYPES,
    schema_of,
    validator_of,
)
from tests.simulator.sample_month import sample_month


@pytest.mark.parametrize("name", sorted(TYPES | {"construction.platform.pinged.v1"}))
def test_schema_file_is_a_schema_and_describes_every_property(name):
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == name

    def walk(node, path):
        for key, value in node.get("properties", {}).items():
            assert value.get("description"), f"{path}.{key} has no description"
            walk(value, f"{path}.{key}")
        if isinstance(node.get("items"), dict):
            walk(node["items"], f"{path}[]")
        assert node.get("additionalProperties") is not False, path

    walk(schema, name)


def test_parts_shared_by_schema_files_are_the_same_everywhere():
    shared = defaultdict(set)
    for path in SCHEMAS.glob("*.json"):
        for name, part in json.loads(path.read_text("utf-8")).get("$defs", {}).items():
            shared[name].add(json.dumps(part, sort_keys=True))
    assert shared
    assert {name for name, versions in shared.items() if len(versions) > 1} == set()


def commitment():
    approved = "construction.commitment.approved.v1"
    return next(event["data"] for event in sample_month(19) if event["type"] == approved)


@pytest.mark.parametrize(
    "change, valid",
    [
        ({"unknown_extra": {"kept": True}}, True),
        ({"total": 5}, True),
        ({"total": "1,000.00"}, True),  # the form of a number is an amount issue, found elsewhere
        ({"total": 1.5}, True),
        ({"total": {}}, False),
        ({"total": []}, False),
        ({"total": True}, False),
        ({"not_to_exceed": None}, True),
        ({"vendor": {"number": "V-1"}}, True),
        ({"vendor": {"origin_id": "17", "label": "shown"}}, True),
        ({"vendor": {"number": "V-1", "code": "V"}}, False),
        ({"vendor": {}}, False),
        ({"vendor": None}, False),
        ({"vendor": ""}, False),
        ({"vendor": 17}, False),
        ({"date": "2026-02-30"}, False),
        ({"date": "10/05/2026"}, False),
        ({"kind": "gift"}, False),
        ({"url": "javascript:alert(1)"}, False),
        ({"attachments": [{"filename": "a.pdf", "mimetype": "application/pdf"}]}, False),
        (
            {
                "attachments": [
                    {"filename": "a.pdf", "mimetype": "application/pdf", "sha256": "0" * 64}
                ]
            },
            True,
        ),
        ({"lines": [{"line_id": "1"}]}, False),
    ],
)
def test_commitment_schema_accepts_and_refuses(change, valid):
    assert (
        validator_of("construction.commitment.approved.v1").is_valid({**commitment(), **change})
        is valid
    )


@pytest.mark.parametrize(
    "field",
    [
        "external_id",
        "number",
        "kind",
        "job",
        "vendor",
        "currency",
        "date",
        "approved_by",
        "approved_at",
        "lines",
    ],
)
def test_commitment_schema_names_a_missing_field(field):
    data = commitment()
    del data[field]
    errors = list(validator_of("construction.commitment.approved.v1").iter_errors(data))
    assert [field in error.message for error in errors] == [True]
