import os
import time
from pathlib import Path

from odoo import models

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


class BenchHeld(models.AbstractModel):
    """bench.held: the first attempt tells its process id and hangs until it is killed."""

    _name = "construction.handler.bench.held"
    _inherit = "construction.handler"
    _description = "bench.held"

    _event_type = "construction.bench.held.v1"
    _replaces = False
    _schema_folder = SCHEMAS

    def _apply(self, items):
        for item in items:
            held = Path(item.data["pid_file"])
            if not held.exists():
                held.with_suffix(".new").write_text(str(os.getpid()))
                held.with_suffix(".new").rename(held)
                time.sleep(60)
