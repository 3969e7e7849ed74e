import os
import signal
import time
from pathlib import Path

from odoo import models


class ProbeSlept(models.AbstractModel):
    """Tells its process id, sleeps, and leaves one trace per application."""

    _name = "construction.handler.probe.slept"
    _inherit = "construction.handler"
    _description = "probe.slept"

    _event_type = "construction.probe.slept.v1"
    _replaces = False
    _schema_folder = Path(__file__).parent.parent / "schemas"

    def _apply(self, items):
        for item in items:
            folder = Path(item.data["folder"])
            (folder / f"{item.external_id}.pid").write_text(str(os.getpid()))
            self.env["ir.config_parameter"].sudo().create(
                {"key": f"probe.{item.external_id}.{time.time_ns()}", "value": "applied"}
            )
            time.sleep(item.data["seconds"])


class ProbeKilled(models.AbstractModel):
    """Kills the worker that applies it, every time."""

    _name = "construction.handler.probe.killed"
    _inherit = "construction.handler.probe.slept"
    _description = "probe.killed"

    _event_type = "construction.probe.killed.v1"

    def _apply(self, items):
        os.kill(os.getpid(), signal.SIGKILL)
