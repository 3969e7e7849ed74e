"""What an installation sets outside the database: in the environment or in section
`[construction_sync]` of Odoo's configuration file."""

import functools
import os
from configparser import ConfigParser

from odoo.tools import config


def setting(variable, option):
    """Text of the environment variable, else of the file's option, else ''."""
    text = os.environ.get(variable)
    if not text:
        paths = config["config"] or []
        paths = (paths,) if isinstance(paths, str) else tuple(paths)
        stamps = tuple((path, os.path.getmtime(path)) for path in paths if os.path.exists(path))
        text = _options(stamps).get("construction_sync", option, fallback="")
    return text


@functools.lru_cache(maxsize=2)
def _options(stamps):
    # Odoo keeps only the options it knows, so the file is read again
    parser = ConfigParser(interpolation=None)
    parser.read([path for path, _changed in stamps])
    return parser
