import json

from odoo import api, models, tools

from ..lib import asyncapi, catalogue, endpoints, openapi


class ConstructionContract(models.AbstractModel):
    """The public contract of this installation: its documents, and what it says about the
    versions of the event types. Made from what validates, so it cannot say anything else."""

    _name = "construction.contract"
    _description = "Public Contract"

    @api.model
    @tools.ormcache(cache="stable")
    def _openapi(self):
        """The OpenAPI document as JSON text."""
        return json.dumps(openapi.document(self._versions(), self._routes(), self._schemes()))

    @api.model
    @tools.ormcache("base_url", cache="stable")
    def _asyncapi(self, base_url):
        """The AsyncAPI document as JSON text.

        :param base_url: of the installation, from its settings
        """
        protocol, _colon, rest = base_url.partition("://")
        host = rest.partition("/")[0]
        told = self.env["construction.outbox"]._catalogue().values()
        return json.dumps(
            asyncapi.document(self._versions(), self._schemes(), host, protocol, told)
        )

    def _routes(self):
        """(method, address) of the controllers under the contract's base path."""
        modules = self.env.registry._init_modules
        return [
            (method, address)
            for address, endpoint in self.env["ir.http"]._generate_routing_rules(modules, {})
            if address.startswith(f"{endpoints.BASE}/")
            for method in endpoint.routing["methods"]
        ]

    def _versions(self):
        """What a platform may send."""
        versions = self.env["construction.handler"]._catalogue().values()
        return [version for version in versions if not version.internal]

    def _schemes(self):
        return self.env["construction.platform"]._fields["auth_scheme"].get_values(self.env)

    @api.model
    @tools.ormcache(cache="stable")
    def _deprecated(self):
        """{event type: its `TypeVersion`} of those that are to go."""
        return {version.type: version for version in self._versions() if version.deprecated_on}

    @api.model
    def _hints(self, event_types):
        """Headers that warn a sender of deprecated types; {} for nearly every request."""
        deprecated = self._deprecated()
        if not deprecated:
            return {}
        named = [deprecated[name] for name in set(event_types) if name in deprecated]
        return catalogue.hints(named, endpoints.BASE)
