import os
from configparser import ConfigParser

from odoo.tools import config

from .lib import vault


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
    """Keys that encrypt platform secrets: the environment's, else the configuration
    file's (`secret_key` in section `[construction_sync]`); never the database's."""
    text = os.environ.get(vault.KEY_VARIABLE)
    if not text:
        # Odoo keeps only the options it knows, so the file is read again
        parser = ConfigParser(interpolation=None)
        parser.read(config["config"] or [])
        text = parser.get("construction_sync", "secret_key", fallback="")
    return vault.load_keys(text)
