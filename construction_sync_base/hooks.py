import logging

from odoo.tools import file_open

from .lib import logs, standing, vault
from .settings import setting

# one object each: a logger takes the same filter once only
FILTERS = {"odoo.sql_db": logs.HideValues(), "werkzeug": logs.HideQuery()}


def post_load():
    """Cap the job runner's sleep before it starts (see `runner.py`), and keep what
    platforms send out of Odoo's logs of failed queries and of requests."""
    from .runner import cap_runner_sleep

    cap_runner_sleep()
    for name, hide in FILTERS.items():
        logging.getLogger(name).addFilter(hide)


def post_init_hook(env):
    """Create the two analytic plans where the data files did not."""
    env["construction.coding"]._ensure_plans()


def uninstall_hook(env):
    """Give the system parameters back. Plans and accounts stay with their entries, and the
    parameters that name the plans with them: a later installation takes them up again."""
    from .models.construction_coding import PLAN_PARAMETERS

    # Their tables are dropped as a whole; row by row they would hold each other.
    env["ir.model.data"].sudo().search(
        [("module", "=", "construction_sync_base"), ("model", "=like", "construction.%")]
    ).unlink()
    env["ir.config_parameter"].sudo().search(
        [
            ("key", "=like", "construction_sync_base.%"),
            ("key", "not in", list(PLAN_PARAMETERS.values())),
        ]
    ).unlink()
    # no model of Odoo owns these
    env.cr.execute("DROP TABLE IF EXISTS construction_rate, construction_resource_seen")
    for name in ("drop_audit.sql", "drop_job_cost.sql"):
        with file_open(f"construction_sync_base/sql/{name}") as script:
            env.cr.execute(script.read())


def secret_keys():
    """Keys that encrypt platform secrets; never the database's."""
    return vault.load_keys(setting(vault.KEY_VARIABLE, "secret_key"))


def configured_environment():
    """What the server says of itself: "production", "sandbox", "" or a mistake."""
    return setting(standing.ENVIRONMENT_VARIABLE, "environment").strip().lower()
