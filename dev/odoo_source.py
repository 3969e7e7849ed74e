"""Odoo 19 Community from source: ODOO_SOURCE, else Debian's package unpacked
privately, else a shallow clone of the public repository."""

import os
import shutil
import subprocess
from pathlib import Path

import apt
from paths import BUILD, SOURCE, say, stop

# Debian replaces some vendored files by links into usr/share; these packages
# hold their targets. The last two must be the machine's own release: newer
# ones name their files differently.
FROM_SID = (
    "odoo-19", "libjs-jquery", "libjs-underscore", "libjs-jquery-form",
    "fonts-roboto-unhinted", "fonts-montserrat", "fonts-ocr-b",
)  # fmt: skip
FROM_RELEASE = ("fonts-inconsolata", "fonts-font-awesome")
REPOSITORY = "https://github.com/odoo/odoo.git"
# Left out of Debian's package; its 404 would fail every browser tour.
STRIPPED = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


def ensure():
    """Folders to put on the Python path so that `import odoo` finds Odoo 19."""
    given = os.environ.get("ODOO_SOURCE")
    if given:
        root = Path(given).expanduser().resolve()
        if not (root / "odoo/release.py").exists():
            stop(f"ODOO_SOURCE={given} has no odoo/release.py. Point it at an Odoo 19.0 checkout.")
        return _with_addons_folder(root)
    if not (SOURCE / "complete").exists():
        shutil.rmtree(SOURCE, ignore_errors=True)
        _obtain()
    return _with_addons_folder(Path((SOURCE / "complete").read_text().strip()))


def _obtain():
    fresh = BUILD / "odoo-source.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        say("Odoo 19: unpacking Debian's package (123 MB)")
        apt.fetch("sid", FROM_SID, fresh)
        apt.fetch(apt.codename(), FROM_RELEASE, fresh)
        relative = "usr/lib/python3/dist-packages"
        stripped = fresh / relative / STRIPPED
        if not stripped.exists():
            stripped.parent.mkdir(parents=True, exist_ok=True)
            stripped.write_text("/* not part of this distribution */\n")
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        say(f"not from Debian: {error}")
        relative = _clone(fresh)
    fresh.rename(SOURCE)
    (SOURCE / "complete").write_text(str(SOURCE / relative))


def _clone(folder):
    if not shutil.which("git"):
        stop("No Debian package and no git. Point ODOO_SOURCE at an Odoo 19.0 checkout.")
    say("Odoo 19: shallow clone of the public repository")
    shutil.rmtree(folder / "checkout", ignore_errors=True)
    command = ["git", "clone", "-q", "--depth=1", "--branch=19.0", REPOSITORY, "checkout"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        stop("The clone failed. Point ODOO_SOURCE at an Odoo 19.0 checkout and run again.")
    return "checkout"


def _with_addons_folder(root):
    """A checkout keeps its modules beside the package, in `addons`; the namespace
    package `odoo.addons` finds them through a folder that links there. (Beside
    Debian's package stands an `addons` folder of empty hulls: not that one.)"""
    paths = [root]
    if (root / "addons/account/views").exists():
        link = BUILD / "checkout-addons/odoo/addons"
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink():
            link.unlink()
        link.symlink_to(root / "addons")
        paths.append(BUILD / "checkout-addons")
    return paths
