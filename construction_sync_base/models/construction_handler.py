import json
from functools import lru_cache
from itertools import islice
from pathlib import Path

import fastjsonschema
from jsonschema import Draft202012Validator, FormatChecker
from odoo import api, models, tools

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


@lru_cache(maxsize=256)
def validator(path):
    """The validator of one schema file that words what is wrong."""
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


@lru_cache(maxsize=256)
def fast_check(path):
    """The same schema compiled to Python: twenty times as fast for data that fits, which
    nearly all does. It knows no newer draft than 7; a test holds both to one verdict."""
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    plain = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    return fastjsonschema.compile(plain, use_default=False)


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
        path = str(self._schema_path())
        try:
            fast_check(path)(data)
            return {}
        except fastjsonschema.JsonSchemaValueException:
            errors = {}  # the slower one says where and why
        for error in islice(validator(path).iter_errors(data), limit):
            where = ".".join(str(part) for part in error.absolute_path) or "data"
            category = "amount" if "x-number" in error.schema else "schema"
            errors.setdefault(category, []).append(f"{where}: {error.message[:200]}")
        return errors
