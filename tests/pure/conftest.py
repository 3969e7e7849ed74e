"""Makes the pure parts of the addons importable without Odoo's models or a database.

The tests import `odoo.addons.<addon>.lib…` exactly as the code does. Importing the
real package would run the addon's `__init__.py`, and with it Odoo's models,
registry and configuration. So a bare module whose `__path__` is the addon's folder
stands in for it: what lies below is found there, `__init__.py` is never executed.
In a run that shares its process with Odoo's own tests this would hide the addons'
models; the pure tests therefore run apart (`-p no:odoo`).
"""

import sys
import types
from pathlib import Path

import hypothesis

import odoo.addons

REPOSITORY = Path(__file__).resolve().parents[2]

odoo.addons.__path__.append(str(REPOSITORY))
for _folder in sorted(REPOSITORY.glob("construction_sync_*/lib")):
    _name = f"odoo.addons.{_folder.parent.name}"
    if _name not in sys.modules:
        _package = types.ModuleType(_name)
        _package.__path__ = [str(_folder.parent)]
        sys.modules[_name] = _package
        setattr(odoo.addons, _folder.parent.name, _package)

# The machines that run this are shared: a slow example is no fault.
hypothesis.settings.register_profile("pure", deadline=None, max_examples=200)
hypothesis.settings.load_profile("pure")
