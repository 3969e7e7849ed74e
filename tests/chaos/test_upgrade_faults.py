"""Odoo is upgraded while the queue is full. Names carry the number of the fault catalogue."""

import process
from tests.e2e.platform import Platform
from tests.e2e.server import Server
from tests.e2e.test_meeting_faults import sweeper
from tests.e2e.test_process_faults import OPTIONS, slept

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "construction_sync_probe")])
module.button_immediate_uninstall()
"""


def test_fault_16_an_upgrade_while_the_queue_is_full(tmp_path):
    """Events wait, and jobs that would apply them. The upgrade renames what the jobs call, and
    the addon of one type goes: what can be applied is applied, what nobody applies any more is
    an issue that says so, and nothing is lost with the jobs."""
    running = Server(workers=2, options=OPTIONS)
    try:
        running.start(timeout=240)
        platform = Platform(running)
        running.stop(keep=True)
        running.options = OPTIONS[:1]
        channels = running.environment["ODOO_QUEUE_JOB_CHANNELS"]
        running.environment["ODOO_QUEUE_JOB_CHANNELS"] = "root:0"
        running.start()
        codes = [platform.cost_code(f"{platform.code}-{n}") for n in range(40)]
        orphan = slept(platform, "orphan", tmp_path, 0)
        for start in range(0, len(codes), 10):
            platform.send(*codes[start : start + 10])
        platform.send(orphan)
        assert set(platform.states(orphan, *codes)) == {"pending"}
        running.stop(keep=True)
        waiting = running.psql(
            "UPDATE queue_job SET method_name = '_drain_before'"
            " WHERE model_name = 'construction.drain' AND state = 'pending' RETURNING uuid"
        )
        assert waiting
        process.odoo_once("e2e.without", running.db, OPTIONS[0], script=UNINSTALL)
        running.psql(  # an upgrade takes minutes; this one is over before the sweeper would act
            "UPDATE construction_event SET next_try_at = next_try_at - interval '3 minutes'"
            " WHERE state = 'pending'"
        )
        running.environment["ODOO_QUEUE_JOB_CHANNELS"] = channels
        running.options = ["-u", "construction_sync_base"]
        running._session = None
        running.start(timeout=240)
        running.execute("ir.cron", "method_direct_trigger", [sweeper(platform)])  # not in a minute
        platform.wait(*codes, timeout=150)
        platform.wait(orphan, states=("parked",))
        ((category, message, state),) = platform.issues(orphan)
        assert (category, state) == ("schema", "open") and "probe.slept" in message
        assert running.psql(
            "SELECT count(*) FROM construction_event WHERE state = 'dead' OR claim IS NOT NULL"
        ) == [(0,)]
    finally:
        running.stop()
