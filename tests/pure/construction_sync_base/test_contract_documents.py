"""The published documents: valid by their own standards, and true to the validators."""

import copy
import json
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker, validators
from openapi_spec_validator import OpenAPIV31SpecValidator

from odoo.addons.construction_sync_base.lib import (
    asyncapi,
    catalogue,
    endpoints,
    envelope,
    envelope_schema,
    openapi,
    problems,
)
from odoo.addons.construction_sync_base.lib.errors import Malformed

from tests.simulator.sample_month import sample_month

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "construction_sync_base/schemas"
FILES = [catalogue.read(path) for path in sorted(SCHEMAS.glob("*.json"))]
VERSIONS = [version for version in FILES if not version.internal]
TOLD = [catalogue.read(path) for path in sorted((SCHEMAS / "told").glob("*.json"))]
ROUTES = [(entry.method, entry.path) for entry in endpoints.ENDPOINTS]
SCHEMES = list(endpoints.SCHEMES)


@pytest.fixture(scope="module")
def published():
    return openapi.document(VERSIONS, ROUTES, SCHEMES)


@pytest.fixture(scope="module")
def asyncapi_validator():
    schema = json.loads((ROOT / "tests/pure/data/asyncapi-3.0.0.json").read_text())
    return validators.validator_for(schema)(schema)


def event_validator(document, name="Event"):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


# ------------------------------------------------------------------ standards
def test_openapi_is_valid(published):
    assert not [error.message for error in OpenAPIV31SpecValidator(published).iter_errors()]


def test_the_openapi_validator_does_find_faults(published):
    broken = copy.deepcopy(published)
    del broken["paths"]["/health"]["get"]["responses"]["200"]["description"]
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_asyncapi_is_valid(asyncapi_validator):
    document = asyncapi.document(VERSIONS, SCHEMES, "odoo.example:8069", told=TOLD)
    assert TOLD
    assert not [error.message for error in asyncapi_validator.iter_errors(document)]
    document["channels"]["events"]["messages"] = ["none"]
    assert not asyncapi_validator.is_valid(document), "the validator has to find faults"


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


@pytest.mark.parametrize("kind", ["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(published, kind):
    document = published
    if kind == "asyncapi":
        document = asyncapi.document(VERSIONS, SCHEMES, "odoo.example")
    found = set(references(document))
    assert len(found) > len(VERSIONS)
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/")]


# --------------------------------------------------------- one truth with code
def test_the_sample_month_fits_the_document(published):
    check = event_validator(published)
    for event in sample_month():
        check.validate(event)
    event_validator(published, "Batch").validate(sample_month()[:50])


def test_the_example_fits_and_is_accepted(published):
    event_validator(published).validate(envelope_schema.EXAMPLE)
    assert envelope.parse(envelope_schema.EXAMPLE)


@pytest.mark.parametrize(
    "name, value",
    [
        *((name, None) for name in ("specversion", "id", "source", "type", "subject", "time")),
        ("specversion", "1.1"),
        ("id", ""),
        ("id", "x" * 512),
        ("id", "x" * 513),
        ("id", 7),
        ("id", "a\x07b"),
        ("source", "a\x85b"),
        ("source", ["x"]),
        ("subject", "platform"),
        ("subject", "/x"),
        ("subject", "platform/"),
        ("subject", "platform/a/b"),
        ("time", "2026-10-31"),
        ("time", "2026-10-31T17:00:00"),
        ("time", "1969-12-31T23:59:59Z"),
        ("time", "1970-01-01T00:00:00Z"),
        ("time", "9998-12-31T23:59:59.5+00:00"),
        ("time", "9999-01-01T00:00:00Z"),
        ("time", "2026-10-31t17:00:00z"),
        ("sequence", "007"),
        ("sequence", "7"),
        ("sequence", 7),
        ("sequence", -7),
        ("sequence", "-7"),
        ("sequence", "1.5"),
        ("sequence", "9" * 512),
        ("sequence", "9" * 513),
        ("correlationid", "c-1"),
        ("correlationid", 7),
        ("traceparent", "x" * 513),
        ("data", []),
        ("data", "text"),
        ("whatever", {"else": 1}),
    ],
)
def test_document_and_parser_judge_an_envelope_alike(published, name, value):
    event = copy.deepcopy(envelope_schema.EXAMPLE) | {name: value}
    if value is None:
        del event[name]
    try:
        envelope.parse(event)
        parsed = True
    except Malformed:
        parsed = False
    assert event_validator(published).is_valid(event) == parsed


def test_only_what_exists_is_published():
    document = openapi.document(VERSIONS, [("GET", f"{endpoints.BASE}/health")], ["bearer"])
    assert list(document["paths"]) == ["/health"]
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_placeholders_are_named_as_the_contract_names_them():
    route = "/construction_sync/v1/<string:key>/events"
    assert [e.name for e in endpoints.present([("POST", route)])] == ["postEvents"]


def test_every_refusal_of_an_endpoint_is_documented(published):
    for endpoint in endpoints.ENDPOINTS:
        operation = published["paths"][endpoint.path][endpoint.method.lower()]
        for kind in endpoint.problems:
            answer = operation["responses"][str(problems.PROBLEMS[kind].status)]
            assert f"`{kind}`" in answer["description"]
            if problems.PROBLEMS[kind].retry:
                assert "Retry-After" in answer["headers"]


def test_a_signature_of_three_headers_is_required_as_a_whole(published):
    wanted = published["paths"]["/{platform}/events"]["post"]["security"]
    assert {f"standard_webhooks.webhook-{name}" for name in ("id", "timestamp", "signature")} in [
        set(requirement) for requirement in wanted
    ]
    assert {"bearer": []} in wanted


# ------------------------------------------------------------------- versions
def written(folder, name, **more):
    schema = {"$id": name, "type": "object", "$defs": {"ref": {"type": "string"}}} | more
    path = folder / f"{name}.json"
    path.write_text(json.dumps(schema))
    return path


OLD, NEW = "construction.thing.moved.v1", "construction.thing.moved.v2"
GOING = {
    "deprecated": True,
    "x-deprecated-on": "2026-11-01",
    "x-sunset-on": "2027-05-01",
    "x-successor": NEW,
}


def test_two_versions_stand_side_by_side(tmp_path):
    pair = [
        catalogue.read(written(tmp_path, OLD, properties={"a": {"$ref": "#/$defs/ref"}}, **GOING)),
        catalogue.read(
            written(
                tmp_path,
                NEW,
                properties={"a": {"$ref": "#/$defs/ref"}},
                **{"$defs": {"ref": {"type": "integer"}}},
            )
        ),
    ]
    assert [version.version for version in pair] == [1, 2]
    assert pair[0].deprecated_on == date(2026, 11, 1) and pair[1].deprecated_on is None
    document = openapi.document(pair, ROUTES, SCHEMES)
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())
    schemas = document["components"]["schemas"]
    assert schemas[f"{OLD}.event"]["deprecated"] is True
    assert "deprecated" not in schemas[f"{NEW}.event"]
    check = event_validator(document)
    event = envelope_schema.EXAMPLE | {"type": OLD, "data": {"a": "text"}}
    assert check.is_valid(event), "the older version keeps its own definitions"
    assert check.is_valid(event | {"type": NEW, "data": {"a": 1}})
    assert not check.is_valid(event | {"type": NEW})
    message = asyncapi.document(pair, SCHEMES, "x")["components"]["messages"][OLD]
    assert "Deprecated since 2026-11-01" in message["description"]
    assert NEW in message["description"]


def test_the_hints_name_the_earliest_dates():
    plain = VERSIONS[0]
    first = catalogue.TypeVersion("a", "a", "b", 1, True, {}, date(2026, 11, 1), None, "b")
    second = catalogue.TypeVersion(
        "c", "c", "d", 1, True, {}, date(2026, 12, 1), date(2027, 5, 1), "d"
    )
    assert catalogue.hints([plain], "/base") == {}
    assert catalogue.hints([plain, second, first], "/base") == {
        "Deprecation": "@1793491200",
        "Sunset": "Sat, 01 May 2027 00:00:00 GMT",
        "Link": '</base/schemas/b>; rel="successor-version", '
        '</base/schemas/d>; rel="successor-version"',
    }


@pytest.mark.parametrize(
    "more",
    [
        {"deprecated": True},
        {"x-deprecated-on": "2026-11-01"},
        {"deprecated": True, "x-deprecated-on": "soon"},
        {"x-sunset-on": "2027-05-01"},
        GOING | {"x-sunset-on": "2026-11-01"},
        {"$id": "construction.other.moved.v1"},
        {"$id": "thing"},
    ],
)
def test_contradictions_in_a_file_are_refused(tmp_path, more):
    path = written(tmp_path, OLD)
    path.write_text(json.dumps({"$id": OLD} | more))
    with pytest.raises(ValueError):
        catalogue.read(path)
