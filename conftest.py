"""What every run of pytest needs, by hand or by `make test`.

Odoo's tests run with pytest-odoo's options; without them pytest is plain.
"""

import pytest

BROWSER_WAIT = 600  # tenths of a second; Odoo gives up after 100 and skips the tour


def _with_odoo(config):
    options = ("--odoo-database", "--odoo-config")
    return any(config.getoption(name, None) for name in options)


def pytest_configure(config):
    if _with_odoo(config):
        from odoo.tests import common

        common.CHECK_BROWSER_ITERATIONS = BROWSER_WAIT


@pytest.fixture(scope="session", autouse=True)
def load_registry(request):
    """In place of the plugin's fixture, which asks for a database in any case."""
    if _with_odoo(request.config):
        request.getfixturevalue("load_registry")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A skipped HttpCase is a failure: a tour without its browser has shown nothing."""
    report = yield
    if report.skipped and _is_http_case(item):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} was skipped, and a skipped browser test counts as failed. {reason}\n"
            "It needs --odoo-http, the websocket-client package and chromium on the PATH."
        )
    return report


def _is_http_case(item):
    base = getattr(item, "cls", None)
    return base is not None and any(
        f"{parent.__module__}.{parent.__name__}" == "odoo.tests.common.HttpCase"
        for parent in base.__mro__
    )
