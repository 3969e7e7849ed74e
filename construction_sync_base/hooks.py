import os
from configparser import ConfigParser

from odoo.tools import config

from .lib import standing, vault


def post_load():
    """Cap the job runner's sleep before it starts (see `runner.py`)."""
    from .runner import cap_runner_sleep

    cap_runner_sleep()


def post_init_hook(env):
    """Create the two analytic plans where the data files did not."""
    env["construction.coding"]._ensure_plans()


def uninstall_hook(env):
    """Give the system parameters back; plans and accounts stay with their entries."""
    env["ir.config_parameter"].sudo().search(
        [("key", "=like", "construction_sync_base.%")]
    ).unlink()


def secret_keys():
    """Keys that encrypt platform secrets; never the database's."""
    return vault.load_keys(_setting(vault.KEY_VARIABLE, "secret_key"))


def configured_environment():
    """What the server says of itself: "production", "sandbox", "" or a mistake."""
    return _setting(standing.ENVIRONMENT_VARIABLE, "environment").strip().lower()


def _setting(variable, option):
    """A setting of the server: the environment's, else the configuration file's (section
    `[construction_sync]`), else ""."""
    text = os.environ.get(variable)
    if not text:
        # Odoo keeps only the options it knows, so the file is read again
        parser = ConfigParser(interpolation=None)
        parser.read(config["config"] or [])
        text = parser.get("construction_sync", option, fallback="")
    return text
