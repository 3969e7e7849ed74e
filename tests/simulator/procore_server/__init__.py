"""Procore as an integration sees it: a stand-alone HTTP(S) server for tests, drills and demos.

Written from the published wire formats. What they leave open is marked `unverified` beside the
code that had to decide it. It imports nothing of Odoo.
"""

from .clock import Clock
from .faults import Fault
from .server import ProcoreServer
