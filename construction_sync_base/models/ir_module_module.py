from odoo import models
from odoo.exceptions import UserError

ADDON = "construction_sync_base"
ALLOWED = f"{ADDON}.uninstall_allowed"


class IrModuleModule(models.Model):
    """An uninstallation drops the inbox, the links to documents and the audit trail. Nobody
    shall do that in passing, by uninstalling an application this addon builds upon."""

    _inherit = "ir.module.module"

    def button_uninstall(self):
        gone = self | self.downstream_dependencies()
        if ADDON in gone.mapped("name") and self._has_evidence() and not self._is_allowed():
            raise UserError(
                self.env._(
                    "This would drop all events, links to documents and the audit trail of the "
                    "construction platforms; the documents themselves would stay. Make a backup "
                    "first. Then set the system parameter “%s” to 1 and uninstall again.",
                    ALLOWED,
                )
            )
        return super().button_uninstall()

    def _has_evidence(self):
        return bool(self.env["construction.event"].sudo().search_count([], limit=1))

    def _is_allowed(self):
        return self.env["ir.config_parameter"].sudo().get_param(ALLOWED) == "1"
