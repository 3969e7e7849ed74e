"""Where things are built. Standard library only: this runs before anything exists."""

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _build_dir():
    """The build folder: inside the checkout, unless PostgreSQL could not live there.

    A Unix socket path is limited to about 100 characters and PostgreSQL takes no
    blank in it, so a checkout with a long or odd path builds in the user's cache.
    """
    if os.environ.get("BUILD_DIR"):
        return Path(os.environ["BUILD_DIR"]).resolve()
    inside = ROOT / ".build"
    if len(str(inside / "pg")) <= 85 and " " not in str(inside):
        return inside
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / ("construction-sync-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8])


BUILD = _build_dir()
VENV = BUILD / "venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
SOURCE = BUILD / "odoo-source"
PGDATA = BUILD / "pg"
DATA_DIR = BUILD / "data"
LOGS = BUILD / "log"
CONFIG = ROOT / ".odoo-test.cfg"
ADDONS = sorted(p.parent.name for p in ROOT.glob("construction_sync_*/__manifest__.py"))


def say(text):
    """One line of progress on stderr, flushed, so a long step is never silent."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def stop(text):
    """End with a message that says what to do next."""
    print(f"\n*** {text}\n", file=sys.stderr, flush=True)
    raise SystemExit(1)
