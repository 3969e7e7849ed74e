"""Stock queue_job sleeps until the next far ETA and only looks for killed jobs when it
wakes, so one job scheduled for tomorrow leaves every killed job lying until then."""

import logging
from datetime import timedelta

from odoo.tools import config

from odoo.addons.queue_job.jobrunner import runner
from odoo.addons.queue_job.jobrunner.channels import ChannelManager

_logger = logging.getLogger(__name__)

MAX_SLEEP = 3  # seconds; well inside the promised 5


def cap_runner_sleep():
    """Make the runner look for dead jobs at least every `MAX_SLEEP` seconds."""
    if getattr(ChannelManager, "_construction_sync_capped", False):
        return
    stock = ChannelManager.get_wakeup_time

    def get_wakeup_time(self):
        due = stock(self)
        soonest = runner._odoo_now() + MAX_SLEEP
        return min(due, soonest) if due else soonest

    ChannelManager.get_wakeup_time = get_wakeup_time
    ChannelManager._construction_sync_capped = True
    _logger.info("job runner sleeps %s at most", timedelta(seconds=MAX_SLEEP))


def is_server_wide():
    """Whether the job runner's own process loads this addon, and so has the cap."""
    return "construction_sync_base" in config["server_wide_modules"]
