from odoo import api, models, tools


class ConstructionTranslator(models.AbstractModel):
    """Base of the translators: one abstract model per adapter that reads a platform's own
    webhooks (`POST /{platform}/webhooks`).

    An addon adds its adapter to the selection of `construction.platform.adapter` and
    inherits this model under a name of its own, `construction.translator.<adapter>`.
    """

    _name = "construction.translator"
    _description = "Webhook Translator"

    _adapter = None  # value of construction.platform.adapter
    _delivery_header = None  # header with the platform's delivery id, where it sends one

    def _translate(self, platform, body, headers):
        """The canonical events of one webhook.

        The context holds `construction_received_at`, the UTC time of the arrival, for formats
        that carry no time. Called in the drain, in the transaction that stores what it returns,
        and again after a failure: the same body has to give the same events with the same ids.
        The ids come from the body, as no signature covers a delivery id.

        :param platform: `construction.platform` record
        :param body: the raw bytes
        :param headers: dict of the headers that were kept, without secrets
        :return: list of dicts, structured CloudEvents of the contract; empty where the
            webhook says nothing that Odoo should know
        :raises lib.errors.Malformed: the sender's fault; opens an issue
        :raises lib.errors.UnknownKind: nobody taught the translator this kind yet
        """
        raise NotImplementedError  # every translator has its own

    @api.model
    @tools.ormcache(cache="stable")
    def _names(self):
        """Model name of the translator of each adapter that has one."""
        return {
            self.env[name]._adapter: name
            for name in self.env.registry
            if name.startswith("construction.translator.") and self.env[name]._adapter
        }

    @api.model
    def _for_adapter(self, adapter):
        """The translator of an adapter, or None."""
        name = self._names().get(adapter)
        return self.env[name] if name else None
