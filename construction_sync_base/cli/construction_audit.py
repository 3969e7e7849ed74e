"""`odoo construction_audit …`: verifies the audit trail of a database from a shell.

Odoo loads this file as `odoo.cli.construction_audit`, without the addon: no relative import.
"""

import argparse
import json
import sys
from pathlib import Path

from odoo.cli import Command
from odoo.sql_db import db_connect
from odoo.tools import config

INTACT, CHANGED, UNUSABLE = 0, 1, 2


class ConstructionAudit(Command):
    """Verifies that the audit trail of one database is as it was written.

    Ends with 0 when it is, with 1 and the first bad row when it is not, with 2 when it
    could not be verified. It only reads, needs no running server and loads no registry.
    """

    name = "construction_audit"

    def run(self, args):
        self.parser.add_argument("-c", "--config", help="configuration file of the server")
        self.parser.add_argument("-d", "--database", help="name of the one database")
        self.parser.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[], type=Path,
            help="exported checkpoint, may be given more than once",
        )  # fmt: skip
        self.parser.add_argument(
            "--public-key", metavar="KEY", action="append", default=[],
            help="key whose signatures count; default: those of the server's settings",
        )  # fmt: skip
        self.parser.add_argument(
            "--recompute", action=argparse.BooleanOptionalAction, default=False,
            help="hash every row here instead of in the database server",
        )  # fmt: skip
        self.parser.add_argument(
            "--new-key", action="store_true", help="print a fresh key pair and end"
        )
        wanted = self.parser.parse_args(args)
        options = ["--no-http"]
        options += ["-c", wanted.config] if wanted.config else []
        options += ["-d", wanted.database] if wanted.database else []
        config.parse_config(options, setup_logging=True)
        from odoo.addons.construction_sync_base import audit_reader  # after the configuration
        from odoo.addons.construction_sync_base.lib import sealing

        if wanted.new_key:
            key = sealing.Signer.new_key()
            self._say(f"private {key}", f"public {sealing.Signer(key).public}")
            return
        if len(config["db_name"]) != 1:
            self.parser.error("name one database with -d")
        try:
            publics = self._publics(sealing, wanted.public_key)
            checkpoints = [
                sealing.read_checkpoint(json.dumps(part), publics)
                for path in wanted.checkpoint
                for part in self._parts(path)
            ]
        except (OSError, ValueError) as error:
            self._say(f"cannot verify: {error}")
            sys.exit(UNUSABLE)
        with db_connect(config["db_name"][0]).cursor() as cr:
            found = audit_reader.verify(cr, publics or None, checkpoints, wanted.recompute)
            rows, waiting, seals = audit_reader.count(cr)
        if not publics:
            self._say("no key is configured or given: signatures were not looked at")
        for one in found:
            self._say(f"row {one.row} {one.kind} company {one.chain} seal {one.seal or '-'}")
        self._say(
            f"{'CHANGED, first bad row ' + str(found[0].row) if found else 'INTACT'}: "
            f"{rows} rows under {seals} seals, {waiting} rows not sealed yet, "
            f"{len(checkpoints)} checkpoints given"
        )
        sys.exit(CHANGED if found else INTACT)

    def _publics(self, sealing, texts):
        if texts:
            return sealing.public_keys(texts)
        from odoo.addons.construction_sync_base.settings import audit_public_keys

        return audit_public_keys()

    def _parts(self, path):
        content = json.loads(path.read_text())
        return content if isinstance(content, list) else [content]

    def _say(self, *lines):
        print("\n".join(lines))  # pylint: disable=bad-builtin
