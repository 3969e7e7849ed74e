"""Names of the groups that the suite defines, for the tests that ask each of them."""

GROUPS = (
    "project_user",
    "project_manager",
    "finance",
    "payroll",
    "integration_manager",
    "auditor",
    "service",
)
