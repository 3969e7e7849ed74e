"""`make lint`: ruff, pylint with Odoo's and the community's checks, Odoo's own test_lint."""

import re
import subprocess
import venv

import database
import launch
import postgres
import process
from paths import BUILD, LOGS, PYTHON, ROOT, say, stop

# The first two need tools of Odoo's own build; the third would read our build folder as
# well; the others test the checkers themselves.
LEFT_OUT = (
    "TestPyLint", "TestESLint", "TestConflictMarkers",
    "TestPylintChecks", "TestSqlLint", "TestI18nChecks", "TestGetTextLint",
)  # fmt: skip
DATABASE = "construction_lint"
RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ )", re.MULTILINE)
RECORD_HEAD = re.compile(r"\S+ \S+ \d+ (\w+) \S+ (\S+): (.*)", re.DOTALL)
FOREIGN = re.compile(r"queue[._]job")
OURS = re.compile(r"construction[._]")
# Keys of the community's manifests, which Odoo's list of known keys does not have.
UNKNOWN_KEYS = "Unknown manifest keys"
COMMUNITY_KEYS = {"development_status", "maintainers"}


def lint():
    """0 when every blocking check is clean."""
    # in the main environment: elsewhere pylint finds no Odoo, and Odoo's checkers then fail
    # silently
    venv.extra("lint")
    addons = database.addons()
    folders = [name for name in [*addons, "dev", "tests", "conftest.py"] if (ROOT / name).exists()]
    pylint = ["-m", "pylint", "-j2"]
    failed = [
        title
        for title, arguments, blocking in (
            ("ruff check", ["-m", "ruff", "check", *folders], True),
            ("ruff format", ["-m", "ruff", "format", "--check", "-q", *folders], True),
            ("pylint (advice)", [*pylint, "--rcfile=.pylintrc", "--exit-zero", *addons], False),
            ("pylint (mandatory)", [*pylint, "--rcfile=.pylintrc-mandatory", *addons], True),
        )
        if _python(title, arguments) and blocking
    ]
    if _markers():
        failed.append("conflict markers")
    if _test_lint():
        failed.append("test_lint")
    say(f"lint: {', '.join(failed)} failed" if failed else "lint: clean")
    return 1 if failed else 0


def _python(title, arguments):
    say(title)
    return subprocess.run(
        [PYTHON, *arguments], cwd=ROOT, env=process.environment(), check=False
    ).returncode


def _markers():
    """Odoo's own check for these would walk the build folder as well."""
    found = subprocess.run(
        ["git", "grep", "-nE", "--untracked", "^(<{7}|>{7})( |$)"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(found.stdout, end="")
    return found.returncode == 0


def _test_lint():
    """Odoo's own checks over our addons, installed in a copy of the test database."""
    say("Odoo's test_lint")
    postgres.start()
    template = database.ensure_test()
    log = LOGS / "test-lint.log"
    log.unlink(missing_ok=True)
    tags = ",".join(["/test_lint", *(f"-/test_lint:{name}" for name in LEFT_OUT)])
    database.drop(DATABASE)
    database.copy(template, DATABASE)
    options = ["-d", DATABASE, "-i", "test_lint", "--test-tags", tags, "--stop-after-init"]
    options += ["--http-port", launch.free_port(), "--logfile", log, "--max-cron-threads=0"]
    subprocess.run(process.command(*options), cwd=ROOT, env=process.environment(), check=False)
    database.drop(DATABASE)
    if "odoo.tests.result: " not in log.read_text(errors="replace"):
        stop(f"test_lint did not run to its end. The log is {log}")
    found = _findings(log)
    for text in found:
        print(text)
    return bool(found)


def _findings(log):
    """Warnings and failures of the checks, those about queue_job's own code left out."""
    text = log.read_text(errors="replace").replace(str(BUILD), "").replace(str(ROOT), "")
    found = []
    for record in RECORD.split(text)[1:]:
        level, logger, message = RECORD_HEAD.match(record).groups()
        if level not in ("WARNING", "ERROR", "CRITICAL") or "test_lint.tests" not in logger:
            continue
        if FOREIGN.search(message) and not OURS.search(message):
            continue
        keys = set(re.findall(r"^'(\w+)'", message, re.MULTILINE))
        if UNKNOWN_KEYS in message and keys <= COMMUNITY_KEYS:
            continue
        found.append(message.rstrip())
    return found
