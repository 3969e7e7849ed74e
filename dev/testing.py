"""`make test`, `make test-addon`, `make chaos` and `make bench`."""

import subprocess
import time
import venv
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import apt
import database
import launch
import postgres
import process
from paths import CONFIG, LOGS, PYTHON, ROOT, say

E2E_PREFIX = "construction_e2e_"
NO_TESTS_COLLECTED = 5
LONGEST = 2400  # seconds for one stage; a test that hangs is named long before, by pytest
PLAIN = ("-p", "no:odoo")  # pytest-odoo would load Odoo first
# What is about events, platforms and evidence alone: other apps change documents, not this, so
# it is asked once. Everything else is asked with and without them.
ENGINE = (
    "audit*", "calls", "change_sets", "contract", "doors", "engine*", "files*",
    "health", "inbox*", "legal_holds", "metrics", "outbox", "outbox_kept", "platform",
    "field_maps", "policy_control", "pollers", "rate", "resources", "retention", "secret*",
    "standing", "type_*", "webhooks",
)  # fmt: skip


@dataclass
class Stage:
    """What one run of pytest brought."""

    title: str
    seconds: float = 0
    counts: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)

    def line(self):
        counts = ", ".join(f"{number} {what}" for what, number in self.counts.items() if number)
        verdict = "FAILED" if self.problems else "ok"
        return f"{self.title:<28} {verdict:<7} {counts or 'no tests':<40} {self.seconds:>6.0f} s"


def _pytest(title, folders, *arguments, log=None, **environment):
    """Run pytest over the folders and let its progress through to the terminal."""
    started = time.monotonic()
    stage = Stage(title)
    LOGS.mkdir(parents=True, exist_ok=True)
    report = LOGS / f"{title.replace(' ', '-')}.xml"
    for old in (report, log):
        if old:
            old.unlink(missing_ok=True)
    names = [str(folder.relative_to(ROOT)) for folder in folders]
    say(f"{title}: {' '.join(names)}")
    command = [PYTHON, "-m", "pytest", "-q", "-rfEs", f"--junitxml={report}", *arguments, *names]
    try:
        code = subprocess.run(
            command, cwd=ROOT, env=process.environment(**environment), check=False,
            timeout=LONGEST, preexec_fn=process.end_with_parent,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        code = f"nothing after {LONGEST} s"
    stage.seconds = time.monotonic() - started
    stage.counts = _counts(report)
    if code == NO_TESTS_COLLECTED and not any(any(f.rglob("test_*.py")) for f in folders):
        code = 0
    if code:
        stage.problems.append(f"pytest ended with {code}")
    if log:
        stage.problems += [f"in the log: {line}" for line in process.errors(log)]
    return stage


def _counts(report):
    if not report.exists():
        return {}
    suite = ET.parse(report).getroot().find("testsuite")
    total, failed, broken, skipped = (
        int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
    )
    passed = total - failed - broken - skipped
    return {"passed": passed, "failed": failed, "errors": broken, "skipped": skipped}


def _with_tests(*folders):
    return [folder for folder in folders if folder.is_dir()]


def _addon_tests():
    return _with_tests(*(ROOT / addon / "tests" for addon in database.addons()))


def _odoo(title, name, *arguments):
    log = LOGS / f"{title.replace(' ', '-')}.log"
    options = [
        f"--odoo-config={CONFIG}", f"--odoo-database={name}", "--odoo-http",
        "--odoo-log-level=info", "--odoo-extra", f"logfile={log}", "--durations=5",
    ]  # fmt: skip
    return _pytest(
        title, _addon_tests(), *options, *arguments, log=log,
        ODOO_HTTP_PORT=str(launch.free_port()),
    )  # fmt: skip


def _report(stages):
    print(flush=True)
    for stage in stages:
        print(stage.line(), flush=True)
        for problem in stage.problems:
            print(f"    {problem}", flush=True)
    return 1 if any(stage.problems for stage in stages) else 0


def test():
    """Every test there is. All stages run even if one fails: a run costs minutes."""
    started = time.monotonic()
    postgres.start()
    # Two things at a time, as many as the smallest machine has cores: half the time of one by
    # one. What Odoo runs start from is built while the pure tests run.
    with ThreadPoolExecutor(2) as pool:
        pure = pool.submit(_pure)
        pool.submit(database.template).result()
        full = pool.submit(_in_odoo_with_more_apps)
        lean = pool.submit(_in_odoo_and_end_to_end)
    stages = [pure.result(), full.result(), *lean.result()]
    code = _report(stages)
    minutes, seconds = divmod(time.monotonic() - started, 60)
    verdict = "FAILED" if code else "all green"
    print(f"\n{verdict} after {minutes:.0f} min {seconds:.0f} s", flush=True)
    return code


def _in_odoo_with_more_apps():
    once = [
        f"--ignore={file.relative_to(ROOT)}"
        for folder in _addon_tests()
        for name in ENGINE
        for file in folder.glob(f"test_{name}.py")
        if "tours" not in file.name  # they walk here, and here alone
    ]
    return _odoo("odoo with more apps", database.fresh_test(full=True), *once)


def _in_odoo_and_end_to_end():
    """The servers of the end-to-end tests start on copies of the database, which nobody may be
    connected to: they come after its tests. What may be called over RPC is asked once, where
    more can be called; the tours walk once, where more stands on the screens."""
    twice = "not TestRpcProbe and not Tour"
    return [_odoo("odoo", database.fresh_test(), "-k", twice), _end_to_end()]


def _pure():
    folders = _with_tests(ROOT / "tests/pure")
    return _pytest("pure", folders, *PLAIN) if folders else Stage("pure")


def _end_to_end():
    """Real servers on copies of the freshly installed test database."""
    folders = _with_tests(ROOT / "tests/e2e")
    if not any(any(folder.rglob("test_*.py")) for folder in folders):
        return Stage("end to end")
    database.sweep(E2E_PREFIX)
    # four files at a time: such a test waits more than it computes
    return _pytest("end to end", folders, *PLAIN, "--durations=5", "-n4", "--dist=loadfile",
                   CS_E2E_TEMPLATE=database.TEST, **_programs())  # fmt: skip


def _programs():
    """What the tests on real servers need besides Odoo; empty where it cannot be had."""
    return {"CS_NGINX": apt.nginx() or "", "CS_FAKETIME": apt.faketime() or ""}


def chaos(runs="1"):
    """The fault scenarios on real servers, `runs` times; each run prints its score."""
    postgres.start()
    database.fresh_test()
    folders = _with_tests(ROOT / "tests/chaos", ROOT / "tests/e2e")  # the longest files first
    stages = []
    for number in range(1, int(runs or 1) + 1):
        database.sweep(E2E_PREFIX)
        stages.append(
            _pytest(
                f"chaos {number}", folders, *PLAIN, "-p", "tests.e2e.scoreboard", "-k", "fault",
                "-n2", "--dist=loadfile", "--durations=5",
                CS_E2E_TEMPLATE=database.TEST, **_programs(),
            )
        )  # fmt: skip
    return _report(stages)


def test_addon(tags=""):
    """The Odoo tests on a kept database; `tags` is pytest's -k expression."""
    postgres.start()
    name = database.ensure_inner()
    return _report([_odoo("addon", name, *(["-k", tags] if tags else []))])


def bench(*arguments):
    """The benchmark, on copies of the test database."""
    venv.extra("bench")
    postgres.start()
    name = database.ensure_test()
    return subprocess.run(
        [PYTHON, "-m", "tests.bench", *arguments], cwd=ROOT,
        env=process.environment(CS_E2E_TEMPLATE=name), check=False,
    ).returncode  # fmt: skip
