import functools

from odoo.exceptions import AccessError

FINANCE = "construction_sync_base.group_finance"
PROJECT_MANAGER = "construction_sync_base.group_project_manager"
INTEGRATION_MANAGER = "construction_sync_base.group_integration_manager"
PAYROLL = "construction_sync_base.group_payroll"


def guard(kind, *groups, but=()):
    """Make a check of the function below it: whoever is in none of `groups`, or in one of
    `but`, is refused with the sentence that the function returns.

    "Who can do what" reads the same groups from here, so it cannot say anything else than
    what is enforced.

    :param kind: what is allowed: `approve`, `release`, `resolve`, `replay`, `lock` or `connect`
    :raises AccessError: by the check
    """

    def make(explain):
        def allows(user):
            return any(user.has_group(group) for group in groups) and not any(
                user.has_group(group) for group in but
            )

        @functools.wraps(explain)
        def check(self):
            if not allows(self.env.user):
                raise AccessError(explain(self))
            self.check_access("read")

        check.allows = allows
        check.kind, check.groups, check.but = kind, groups, but
        return check

    return make


def guards_of(cls):
    """[(kind, groups, but)] of a model's guards, of all classes it is made of."""
    found = {}
    for base in reversed(cls.__mro__):
        for name, function in vars(base).items():
            if hasattr(function, "allows") and hasattr(function, "kind"):
                found[name] = (function.kind, function.groups, function.but)
    return list(found.values())
