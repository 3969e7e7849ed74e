import json
from functools import lru_cache
from itertools import islice
from pathlib import Path

from jsonschema import Draft202012Validator
from odoo import api, models, tools

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


@lru_cache(maxsize=256)
def validator(path):
    """A compiled validator of one schema file."""
    return Draft202012Validator(json.loads(Path(path).read_text(encoding="utf-8")))


class ConstructionHandler(models.AbstractModel):
    """Base of the handlers: one abstract model per event type.

    A handler names its type and takes all events of that type in a batch at once. It
    parks the ones it cannot apply and binds the others to their records.
    """

    _name = "construction.handler"
    _description = "Event Handler"

    _event_type = None  # "construction.<object>.<fact>.v<N>"
    _replaces = True  # R: a snapshot, newer supersedes older; False: D, a movement
    _order_in_batch = 100  # parents before children, so that fewer events wait
    _lane = "standard"
    _schema_folder = SCHEMAS

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
        """Sentences about what of the data does not fit the published schema.

        :return: {issue category: sentences}; `amount` where the form of a number is at fault
        """
        errors = {}
        for error in islice(validator(str(self._schema_path())).iter_errors(data), limit):
            where = ".".join(str(part) for part in error.absolute_path) or "data"
            category = "amount" if "x-number" in error.schema else "schema"
            errors.setdefault(category, []).append(f"{where}: {error.message[:200]}")
        return errors
