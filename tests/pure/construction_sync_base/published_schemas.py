"""The schemas that the addon publishes, for the tests of them and of the events they describe."""

import json
import pathlib

from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "construction_sync_base/schemas"
#: what a sample month holds
TYPES = {
    f"construction.{name}.v1"
    for name in (
        "job.upserted",
        "cost_code.upserted",
        "cost_type.upserted",
        "vendor.upserted",
        "budget.approved",
        "commitment.approved",
        "commitment.voided",
        "commitment.closed",
    )
}


def schema_of(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))


def validator_of(name):
    return Draft202012Validator(schema_of(name), format_checker=FormatChecker())
