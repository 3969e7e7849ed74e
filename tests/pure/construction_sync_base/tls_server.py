"""The TLS server of the addon's tests. By its path: the package of those tests would import all
of them, and Odoo."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PATH = Path(__file__).resolve().parents[3] / "construction_sync_base/tests/tls_server.py"
_spec = spec_from_file_location("tls_server", _PATH)
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)
NAME, TlsServer, answers = _module.NAME, _module.TlsServer, _module.answers
