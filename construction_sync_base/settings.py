"""What an installation sets outside the database: in the environment or in section
`[construction_sync]` of Odoo's configuration file."""

import functools
import os
from configparser import ConfigParser

from odoo.tools import config

from .lib import sealing


def setting(variable, option):
    """Text of the environment variable, else of the file's option, else ''."""
    text = os.environ.get(variable)
    if not text:
        paths = config["config"] or []
        paths = (paths,) if isinstance(paths, str) else tuple(paths)
        stamps = tuple((path, os.path.getmtime(path)) for path in paths if os.path.exists(path))
        text = _options(stamps).get("construction_sync", option, fallback="")
    return text


def audit_signer():
    """The key that signs the audit here, or None where none is configured.

    :raises SealingError: it is no key
    """
    text = setting(sealing.KEY_VARIABLE, "audit_key")
    return sealing.Signer(text) if text else None


def audit_public_keys():
    """Keys whose signatures count: the installation's own and its former ones."""
    former = setting("CONSTRUCTION_SYNC_AUDIT_PUBLIC_KEYS", "audit_public_keys").split(",")
    signer = audit_signer()
    return sealing.public_keys([*([signer.public] if signer else []), *former])


@functools.lru_cache(maxsize=2)
def _options(stamps):
    # Odoo keeps only the options it knows, so the file is read again
    parser = ConfigParser(interpolation=None)
    parser.read([path for path, _changed in stamps])
    return parser
