"""The two validators of one schema never disagree: the compiled one lets pass, the other
one words what is wrong."""

import copy
import json
import random
from pathlib import Path

import fastjsonschema
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.simulator.sample_month import sample_month

FOLDER = Path(__file__).resolve().parents[3] / "construction_sync_base/schemas"
VALUES = [None, 0, -1, 5.5, [], {}, "", "zzz", "2026-02-30", True, {"code": "x"}, ["x"]]


def both(event_type):
    schema = json.loads((FOLDER / f"{event_type}.json").read_text())
    plain = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    return (
        fastjsonschema.compile(plain, use_default=False),
        Draft202012Validator(schema, format_checker=FormatChecker()),
    )


def places(value):
    """Every (container, key) of a document."""
    found = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


def mutated(data, rng):
    data = copy.deepcopy(data)
    container, key = rng.choice(places(data))
    if rng.random() < 0.3:
        del container[key]
    else:
        container[key] = rng.choice(VALUES)
    return data


def fits(check, data):
    try:
        check(data)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@pytest.mark.parametrize("event_type", sorted({event["type"] for event in sample_month()}))
def test_both_validators_say_the_same(event_type):
    fast, exact = both(event_type)
    rng = random.Random(19)
    refused = 0
    for event in sample_month():
        if event["type"] != event_type:
            continue
        assert fits(fast, event["data"])
        for _ in range(40):
            data = mutated(event["data"], rng)
            valid = exact.is_valid(data)
            refused += not valid
            assert fits(fast, data) == valid, list(exact.iter_errors(data))
    assert refused, "a test that refuses nothing shows nothing"
