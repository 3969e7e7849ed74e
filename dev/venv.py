"""The virtual environment with the versions of requirements.txt."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import apt
from paths import BUILD, PYTHON, ROOT, VENV, say, stop

REQUIREMENTS = ROOT / "requirements.txt"
WITHOUT_NEEDS = ("odoo-addon-", "geoip2")  # requirements.txt says why


def _digest(odoo_paths):
    text = REQUIREMENTS.read_text() + sys.version + "".join(map(str, odoo_paths))
    return hashlib.sha256(text.encode()).hexdigest()


def ready(odoo_paths):
    mark = VENV / "complete"
    return mark.exists() and PYTHON.exists() and mark.read_text() == _digest(odoo_paths)


def small(folder, names):
    """Python with these packages of the lock and nothing else: the large environment where
    that is built, else one of its own, in seconds.

    :return: path of its interpreter
    """
    if (VENV / "complete").exists():
        return PYTHON
    python = folder / "bin/python"
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line[:1] != "#"]
    wanted = [line for line in lines if line.partition("==")[0] in names]
    mark = folder / "complete"
    if not mark.exists() or mark.read_text() != "\n".join(wanted):
        say("installing the Python packages of the check")
        _create(folder)
        _pip(python, wanted)
        mark.write_text("\n".join(wanted))
    return python


def install():
    """Create the environment and install the lock; safe to repeat after an interruption."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:3]))
        stop(f"Python 3.11 to 3.13 is needed, python3 is {found}. Try: make PYTHON=python3.12 …")
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", ""], check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        _create(VENV)
    say("installing Python packages")
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line and line[0] != "#"]
    alone = [line for line in lines if line.startswith(WITHOUT_NEEDS)]
    plain = BUILD / "requirements.plain.txt"
    plain.write_text("\n".join(line for line in lines if line not in alone) + "\n")
    for arguments in (["-r", str(plain)], ["--no-deps", *alone]):
        _pip(PYTHON, arguments)


def _pip(python, arguments):
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False, env=_environment(),
    )  # fmt: skip
    if done.returncode:
        stop(f"pip install failed, run the command again:\n{done.stderr.strip()[-800:]}")


def _environment():
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}


def _create(target):
    BUILD.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", target], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    # Debian splits ensurepip off into python3-venv, which only root installs.
    # pip itself is a wheel in a package that unpacks without root.
    say("no ensurepip here: taking pip from Debian's wheel")
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True)
    folder = BUILD / "pip-wheel"
    try:
        apt.fetch(apt.codename(), ["python3-pip-whl"], folder)
    except RuntimeError as error:
        stop(f"Python has no pip ({error}). Type: sudo apt-get install python3-venv")
    wheel = next(Path(folder).glob("usr/share/python-wheels/pip-*.whl"))
    subprocess.run([target / "bin/python", f"{wheel}/pip", "install", "-q", str(wheel)], check=True)


def finish(odoo_paths):
    """Put Odoo's source on the environment's path; the mark is written last."""
    site = next(VENV.glob("lib/python3*/site-packages"))
    (site / "odoo-source.pth").write_text("".join(f"{path}\n" for path in odoo_paths))
    (VENV / "complete").write_text(_digest(odoo_paths))


def extra(name):
    """The packages of requirements-<name>.txt, on demand, in the same environment."""
    requirements = ROOT / f"requirements-{name}.txt"
    mark = VENV / f"{name}-complete"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    say(f"installing the packages of {requirements.name}")
    done = subprocess.run(
        [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements],
        capture_output=True, text=True, env=_environment(), check=False,
    )  # fmt: skip
    if done.returncode:
        stop(f"pip install failed, run the command again:\n{done.stderr.strip()[-800:]}")
    mark.write_text(digest)
