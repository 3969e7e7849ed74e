"""`make contract FILE=… [TYPE=…] [ADAPTER=…] [CURRENCY=…]`: check payloads as Odoo would,
without Odoo and without a database.

FILE is a JSON file or a folder of them: an event, a batch, bare data of one TYPE, or raw
webhooks of a platform that ADAPTER translates. Needs Python, jsonschema and fastjsonschema.
"""

import importlib
import json
import sys
import types
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "construction_sync_base"
NEEDS = (
    "attrs", "fastjsonschema", "jsonschema", "jsonschema-specifications", "referencing",
    "rpds-py", "typing_extensions",
)  # fmt: skip


def _library(name):
    """A module of the addon, without running the addon's `__init__.py`, which is Odoo's."""
    if PACKAGE not in sys.modules:
        bare = types.ModuleType(PACKAGE)
        bare.__path__ = [str(ROOT / PACKAGE)]
        sys.modules[PACKAGE] = bare
    return importlib.import_module(f"{PACKAGE}.{name}")


def _checker():
    """The checker for the schema files of every addon of this checkout."""
    catalogue, checks = _library("lib.catalogue"), _library("lib.payload_check")
    files = {path.stem: path for path in sorted(ROOT.glob("construction_sync_*/schemas/*.json"))}
    return checks.Checker(files, {name: catalogue.read(path) for name, path in files.items()})


def _payloads(place):
    """The files to check.

    :raises SystemExit: there are none
    """
    path = Path(place)
    found = sorted(path.rglob("*.json")) if path.is_dir() else [path] * path.is_file()
    if not (place and found):
        raise SystemExit(f"*** {place}: no JSON file there. Usage: make contract FILE=payload.json")
    return found


def _full_type(name):
    """`job.upserted` is short for `construction.job.upserted.v1`."""
    return name if not name or name.startswith("construction.") else f"construction.{name}.v1"


def _translated(body, adapter, currency):
    """The canonical events of a platform's own webhook, as a batch.

    :raises SystemExit: no addon translates for this platform
    """
    try:
        translator = _library(f"translators.{adapter}_erp")
    except ModuleNotFoundError as error:
        known = (path.stem[:-4] for path in (ROOT / PACKAGE).glob("translators/*_erp.py"))
        names = ", ".join(sorted(known)) or "none yet"
        raise SystemExit(f"*** ADAPTER={adapter}: no translator; there are: {names}") from error
    received = datetime.now(UTC).isoformat()
    return translator.translate(body, lambda _job: currency, received)


def _reports(checker, body, event_type, adapter, currency):
    """What is found about one file, and the canonical events where it was translated."""
    checks, errors = _library("lib.payload_check"), _library("lib.errors")
    if not adapter:
        return checker.check(body, event_type)
    try:
        events = _translated(body, adapter, currency)
    except (errors.Malformed, getattr(errors, "UnknownKind", errors.Malformed)) as error:
        hint = "The platform's own documentation of this webhook says what belongs there."
        fault = _library("lib.schema_check").Fault((), "malformed", str(error), hint)
        return [checks.Report((), "not translated", [fault])]
    return checker.check(json.dumps(events).encode()) if events else []


def _print(report):
    path = _library("lib.payload_check").json_path
    verdict = "FAIL" if report.faults else "ok"
    print(f"  {verdict:<5}{path(report.where)}  {report.label}")
    for fault in report.faults:
        print(f"       {path(fault.where)}: {fault.message}  [{fault.category}]")
        if fault.hint:
            print(f"         → {fault.hint}")
    for note in report.notes:
        print(f"       note: {note}")


def check(place="", event_type="", adapter="", currency=""):
    """Print what is found event by event.

    :return: exit code: 0 when every event would be taken, 1 otherwise
    """
    checker = _checker()
    events = failed = 0
    for path in _payloads(place):
        print(path)
        try:
            reports = _reports(
                checker, path.read_bytes(), _full_type(event_type), adapter, currency or "USD"
            )
        except OSError as error:
            raise SystemExit(f"*** {path}: {error.strerror}") from error
        if not reports:
            print("  ok   nothing in it that Odoo has to know")
        for report in reports:
            _print(report)
            events += 1
            failed += bool(report.faults)
    print(f"\n{events} events, {failed} with errors")
    if not failed and events:
        print("Whether jobs, vendors and codes that they name exist shows when they are sent.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(check(*sys.argv[1:]))
