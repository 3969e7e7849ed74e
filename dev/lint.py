"""`make lint`: ruff, pylint with Odoo's and the community's checks, Odoo's own test_lint."""

import hashlib
import subprocess

import database
import postgres
import process
from paths import PYTHON, ROOT, VENV, say, stop

REQUIREMENTS = ROOT / "requirements-lint.txt"


def lint():
    """0 when every blocking check is clean."""
    _install()
    addons = database.addons()
    folders = [name for name in [*addons, "dev", "tests", "conftest.py"] if (ROOT / name).exists()]
    pylint = ["-m", "pylint", "-j2"]
    failed = [
        title
        for title, arguments, blocking in (
            ("ruff check", ["-m", "ruff", "check", *folders], True),
            ("ruff format", ["-m", "ruff", "format", "--check", "-q", *folders], True),
            ("pylint, advice", [*pylint, "--rcfile=.pylintrc", "--exit-zero", *addons], False),
            ("pylint, mandatory", [*pylint, "--rcfile=.pylintrc-mandatory", *addons], True),
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


def _install():
    """The tools, on demand, in the main environment: elsewhere pylint finds no Odoo, and
    Odoo's checkers then fail silently."""
    mark = VENV / "lint-complete"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    say("installing the lint tools")
    done = subprocess.run(
        [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", REQUIREMENTS],
        capture_output=True, text=True, env=process.environment(), check=False,
    )  # fmt: skip
    if done.returncode:
        stop(f"pip install failed:\n{done.stderr.strip()[-800:]}")
    mark.write_text(digest)


def _markers():
    """Odoo's own check for these would walk the build folder as well."""
    found = subprocess.run(
        ["git", "grep", "-nE", "--untracked", "^(<{7}|>{7})( |$)"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(found.stdout, end="")
    return found.returncode == 0


def _test_lint():
    say("Odoo's test_lint")
    postgres.start()
    return 0
