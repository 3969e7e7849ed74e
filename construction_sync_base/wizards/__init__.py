from . import (
    construction_issue_map,
    construction_platform_setup,
    construction_reason,
    construction_secret_show,
)
