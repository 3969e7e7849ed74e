import logging

from odoo import api, models, tools

from ..lib import attachment, catalogue, logs, schema_check

_logger = logging.getLogger(__name__)


class ConstructionHandler(models.AbstractModel):
    """Base of the handlers: one abstract model per event type.

    A handler names its type and takes all events of that type in a batch at once. It
    parks the ones it cannot apply and binds the others to their records.
    """

    _name = "construction.handler"
    _description = "Event Handler"

    _event_type = None  # "construction.<object>.<fact>.v<N>"
    _replaces = True  # R: a snapshot, newer supersedes older; False: D, a movement
    _passes_parked = False  # a movement that may be what parked predecessors wait for
    _order_in_batch = 100  # parents before children, so that fewer events wait
    _lane = "standard"
    _schema_folder = schema_check.SCHEMAS

    def _apply(self, items):
        """Apply the items set-wise, as the platform's service user.

        :param items: list of `lib.batch.Item`, all of this handler's type and platform
        """
        raise NotImplementedError  # every handler has its own

    @api.model
    def _schema_path(self):
        return self._schema_folder / f"{self._event_type}.json"

    @api.model
    @tools.ormcache(cache="stable")
    def _names(self):
        """Model name of the handler of each event type that this installation applies."""
        names = {}
        for name in self.env.registry:
            if name.startswith("construction.handler."):
                handler = self.env[name]
                if handler._event_type:
                    names[handler._event_type] = name
        return names

    @api.model
    def _for_type(self, event_type):
        name = self._names().get(event_type)
        return self.env[name] if name else None

    @api.model
    def _schema_errors(self, data, limit=5):
        """Sentences about what of the data does not fit the published schema, or of its files
        cannot be read.

        :return: {issue category: sentences}; `amount` where the form of a number is at fault
        """
        errors, path = {}, str(self._schema_path())
        faults = schema_check.faults(path, data, limit)
        for fault in faults or schema_check.range_faults(path, data)[:limit]:
            errors.setdefault(fault.category, []).append(f"{fault.path}: {fault.message}")
        for where, error in () if errors else attachment.faults(data)[:limit]:
            path = ".".join(map(str, where))
            told = self.env._(error.text, **error.values)
            errors.setdefault("schema", []).append(f"{path}: {told}")
        return errors

    @api.model
    @tools.ormcache(cache="stable")
    def _catalogue(self):
        """The `lib.catalogue.TypeVersion` of each event type that this installation applies."""
        versions = {}
        for event_type in sorted(self._names()):
            handler = self._for_type(event_type)
            try:
                versions[event_type] = catalogue.read(handler._schema_path(), handler._replaces)
            except (OSError, ValueError) as error:  # one broken file must not stop the others
                _logger.error(
                    "the schema of %s cannot be published: %s",
                    logs.shown(event_type),
                    logs.shown(str(error)),
                )
        return versions
