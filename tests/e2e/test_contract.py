"""The published document against the server that publishes it: schemathesis makes requests
of it, fitting and unfitting ones, and every answer has to be one that the document names."""

import copy
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from .platform import Platform

ROOT = Path(__file__).resolve().parents[2]
SEED = 19
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "ignored_auth",
    "unsupported_method", "verdicts_add_up",
)  # fmt: skip
# Of the event types one is enough to make requests of: `data` is judged in the drain.
TYPE = "construction.platform.pinged.v1"
# Of the ce-* headers those that differ in form; each costs fifty requests.
LIKE_OTHERS = ("ce-source", "ce-subject", "ce-specversion", "ce-correlationid", "ce-traceparent")


@pytest.fixture(scope="module")
def document(server):
    answer = requests.get(f"{server.url}/construction_sync/v1/openapi.json", timeout=60)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    return answer.json()


@pytest.fixture(scope="module")
def senders(server):
    """Keys and proofs of platforms with a signature, with a bearer key and with webhooks of
    their own format, and of who reads the metrics."""
    signed = Platform(server)
    values = {"name": "Procore", "key": f"{signed.key}-p", "adapter": "procore"}
    (webhooks,) = server.execute("construction.platform", "create", [[values]])
    server.execute("construction.platform", "action_activate", [[webhooks]])
    secret = server.execute("construction.platform", "rotate_secret", [[webhooks]])
    procore = (values["key"], {"secret": secret})
    values = {"name": "Bearer", "key": f"{signed.key}-b", "auth_scheme": "bearer"}
    (bearer,) = server.execute("construction.platform", "create", [[values]])
    server.execute("construction.platform", "action_activate", [[bearer]])
    key = server.execute("construction.platform", "create_api_key", [[bearer], "contract"])
    wizard = server.execute("construction.metrics.key", "create", [[{}]])
    made = server.execute("construction.metrics.key", "action_make", [wizard])
    return {
        "metrics": ("metrics", {"key": made["context"]["default_secret"]}),
        "signed": (signed.key, {"secret": signed.secret}),
        "bearer": (values["key"], {"key": key}),
        "procore": procore,
    }


def narrowed(document, **platforms):
    """The document for requests to certain platforms, with one event type to make them of.

    :param platforms: key of the platform by operation id
    """
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    for name in [name for name in schemas if name.startswith("construction.")]:
        if not name.startswith(TYPE):
            del schemas[name]
    for part, of in (("Event", "oneOf"), ("Data", "anyOf")):
        schemas[part][of] = [entry for entry in schemas[part][of] if TYPE in entry["$ref"]]
        assert schemas[part][of], "the type that requests are made of is gone"
    schemas["Event"]["discriminator"]["mapping"] = {TYPE: f"#/components/schemas/{TYPE}.event"}
    parameters = document["components"]["parameters"]
    for path in document["paths"].values():
        for operation in path.values():
            key = platforms.get(operation["operationId"])
            if key:
                own = copy.deepcopy(parameters["platform"]) | {"schema": {"enum": [key]}}
                operation["parameters"] = [own] + [
                    entry
                    for entry in operation["parameters"]
                    if not entry["$ref"].endswith(("/platform", *LIKE_OTHERS))
                ]
    return document


def run(server, folder, document, proofs, *options):
    """Run schemathesis.

    :return: the process while it runs, and the file of its output
    """
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(document))
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.e2e.schemathesis_hooks",
        "CONTRACT_PROOFS": json.dumps(proofs),
        "PYTHONPATH": str(ROOT),
    }
    command = [
        SCHEMATHESIS, "run", folder / "openapi.json",
        "--url", f"{server.url}/construction_sync/v1", "--seed", SEED, "--no-color",
        "--generation-database", "none", "--continue-on-failure",
        "--request-timeout", 30, "--checks", ",".join(CHECKS), *options,
    ]  # fmt: skip
    with open(folder / "out", "w") as out:
        return subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, env=environment, stdout=out, stderr=out
        )


def test_no_answer_that_the_document_does_not_name(server, document, senders, tmp_path):
    signed, _signature = senders["signed"]
    bearer, key = senders["bearer"]
    procore, _signature = senders["procore"]
    everybody = {
        "postEvents": signed,
        "postWebhook": procore,
        "putFile": signed,
        "getEvent": bearer,
    }
    runs = {
        "signed": (
            narrowed(document, **everybody),
            {name: proof for name, proof in senders.values()},
            ("--phases", "examples,coverage,fuzzing", "-n", 6),
        ),
        "bearer": (
            narrowed(document, **dict.fromkeys(everybody, bearer)),
            {bearer: key},
            ("--phases", "examples,fuzzing", "-n", 10, "--include-path-regex", "platform"),
        ),
        "nobody": (
            narrowed(document, **everybody),
            {},
            ("--phases", "examples,fuzzing", "-n", 10),
        ),
    }
    started = {
        name: run(server, tmp_path / name, changed, proofs, *options)
        for name, (changed, proofs, options) in runs.items()
    }
    for name, process in started.items():
        code = process.wait(300)
        out = (tmp_path / name / "out").read_text()
        assert code == 0, f"{name}:\n{out}"
        made = re.search(r"(\d+) generated, \1 passed|(\d+) generated, (\d+) passed", out)
        assert made and int(made[1] or made[3]) > 30, f"{name}:\n{out}"


def test_a_stored_event_is_found_as_the_document_says(server, document, senders):
    """The way that random requests hardly find: an event that exists."""
    key, proof = senders["bearer"]
    url = f"{server.url}/construction_sync/v1/{key}/events"
    authorization = {"Authorization": f"Bearer {proof['key']}"}
    event = {
        "specversion": "1.0",
        "id": "known",
        "source": "//contract.example",
        "type": TYPE,
        "subject": "platform/known",
        "time": datetime.now(UTC).isoformat(),
        "data": {},
    }
    posted = requests.post(
        url,
        data=json.dumps(event),
        headers=authorization | {"Content-Type": "application/cloudevents+json"},
        timeout=60,
    )
    assert posted.status_code == 202
    query = {"source": event["source"], "id": event["id"]}
    answer = requests.get(url, params=query, headers=authorization, timeout=60)
    assert answer.status_code == 200
    properties = document["components"]["schemas"]["EventState"]["properties"]
    assert set(answer.json()) == set(properties)
    assert answer.json()["state"] in properties["state"]["enum"]


def test_a_server_that_knows_no_database_refuses_in_words(new_server):
    """Several databases and no filter: nobody can say whose endpoint was meant."""
    nobody = new_server(options=["--db-filter=^none of them$"])
    base = f"{nobody.url}/construction_sync/v1"
    assert requests.get(f"{base}/health", timeout=60).json() == {"status": "pass"}
    for method, path in (
        ("GET", "openapi.json"),
        ("GET", "asyncapi.json"),
        ("GET", f"schemas/{TYPE}"),
        ("GET", "metrics"),
        ("GET", "abc/events?source=x&id=y"),
        ("POST", "abc/events"),
        ("POST", "abc/webhooks"),
        ("PUT", f"abc/files/{'0' * 64}"),
    ):
        answer = requests.request(
            method,
            f"{base}/{path}",
            data=None if method == "GET" else b"{}",
            headers={"Content-Type": "application/cloudevents+json"},
            timeout=60,
        )
        assert answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"]
        assert answer.json()["type"] == "urn:construction-sync:unavailable"
    assert not nobody.errors()
