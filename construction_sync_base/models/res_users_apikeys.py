from odoo import api, models

from odoo.addons.base.models.res_users import INDEX_SIZE


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    @api.model
    def _scoped_user(self, scope, key):
        """Id of the user whose key of exactly this scope it is, or None. Never raises.

        Odoo accepts a key without a scope everywhere. Here it is refused: who gives a
        platform such a key by mistake must notice, as it opens all of Odoo.
        """
        key = (key or "").strip()
        if not key.isascii() or not key.isalnum():
            return None
        user_id = self.sudo()._check_credentials(scope=scope, key=key)
        self.env.cr.execute(
            "SELECT 1 FROM res_users_apikeys WHERE user_id = %s AND index = %s AND scope = %s",
            (user_id, key[:INDEX_SIZE], scope),
        )
        return user_id if self.env.cr.fetchone() else None
