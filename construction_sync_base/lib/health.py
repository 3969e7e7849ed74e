"""When a platform, or the installation, needs somebody's attention.

Every judgement is a pair of a level and a reason; what the reason means to a person is
said where it is shown.
"""

OFF, FINE, LOOK, ACT = "off", "fine", "look", "act"
LEVELS = (OFF, FINE, LOOK, ACT)  # from the least to the most urgent

SLOW_SECONDS = (60, 900)  # p95 from received to applied: look, act
OVERDUE_SECONDS = (60, 300)  # the oldest event that is due and that nobody takes
SILENT_SECONDS = 24 * 3600
CRON_SECONDS = (180, 900)  # since a scheduled action should have run
MAIL_SECONDS = (26 * 3600, 50 * 3600)  # since what goes out once a day waits
SEAL_SECONDS = (600, 3600)  # since the oldest audit row waits for its seal


def worst(levels):
    """The most urgent of levels, `FINE` for none."""
    return max(levels, key=LEVELS.index, default=FINE)


def by_limits(value, limits):
    """Level of a number that should be small; None, for not known, is fine."""
    look, act = limits
    if value is None or value < look:
        return FINE
    return LOOK if value < act else ACT


def of_mail(*, failed, nobody, overdue, stuck):
    """Judge the daily mail of checkpoints to the auditors.

    :param failed: why the last mail failed, or None
    :param nobody: there is something to mail and no address
    :param overdue: seconds since the oldest checkpoint that no mail carried, or None
    :param stuck: seconds since the oldest mail that the queue holds, or None
    """
    return worst(
        [
            LOOK if failed or nobody else FINE,
            by_limits(overdue, MAIL_SECONDS),
            by_limits(stuck, MAIL_SECONDS),
        ]
    )


def of_platform(
    *, state, halted, has_secret, dead, parked, issues, urgent, lag, silence, had_traffic
):
    """Judge one platform.

    :param halted: nothing passes because of the database it is in
    :param issues, urgent: open issues, and those of them that are critical
    :param lag: p95 in seconds from received to applied, or None
    :param silence: seconds since the last delivery, or None
    :return: list of (level, reason), most urgent first
    """
    if state != "active":
        return [(OFF, state)]
    found = [
        (ACT if halted else FINE, "halted"),
        (FINE if has_secret else ACT, "secret"),
        (ACT if dead else FINE, "dead"),
        (ACT if urgent else LOOK if issues else FINE, "issues"),
        (LOOK if parked else FINE, "parked"),
        (by_limits(lag, SLOW_SECONDS), "slow"),
        (LOOK if had_traffic and (silence or 0) >= SILENT_SECONDS else FINE, "silent"),
    ]
    named = [pair for pair in found if pair[0] != FINE]
    return sorted(named, key=lambda pair: -LEVELS.index(pair[0]))
