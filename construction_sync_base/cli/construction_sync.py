"""`odoo construction_sync …`: what an operator does to one database from a shell.

Odoo loads this file as `odoo.cli.construction_sync`, without the addon: no relative import.
"""

import sys

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli import Command
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import config


class ConstructionSync(Command):
    """Keys of a database's platform secrets, and whether it may speak for its platforms.

    keys              says how many stored secrets are under which key id
    rotate-keys       puts all of them under the first key of the setting, or none
    confirm-database  says that this database takes the place of the one before, after a
                      restore or a move; without it platforms are refused
    """

    name = "construction_sync"

    def run(self, args):
        self.parser.add_argument("action", choices=["keys", "rotate-keys", "confirm-database"])
        self.parser.add_argument("-c", "--config", help="configuration file of the server")
        self.parser.add_argument("-d", "--database", help="name of the one database")
        wanted = self.parser.parse_args(args)
        options = ["--no-http"]
        options += ["-c", wanted.config] if wanted.config else []
        options += ["-d", wanted.database] if wanted.database else []
        config.parse_config(options, setup_logging=True)
        if len(config["db_name"]) != 1:
            self.parser.error("name one database with -d")
        registry = Registry(config["db_name"][0])
        try:
            with registry.cursor() as cr:
                env = Environment(cr, SUPERUSER_ID, {})
                action = getattr(self, f"_{wanted.action.replace('-', '_')}")
                lines, good = action(env)
            registry.signal_changes()  # running servers forget what they have cached
        except UserError as error:
            sys.exit(str(error))
        print("\n".join(lines))  # pylint: disable=bad-builtin
        if not good:
            sys.exit(1)

    def _keys(self, env):
        return self._report(env["construction.secret"]._key_facts())

    def _rotate_keys(self, env):
        return self._report(env["construction.secret"]._reencrypt())

    def _confirm_database(self, env):
        platforms = env["construction.platform"].search([("state", "!=", "draft")])
        platforms.action_confirm_database()
        return [f"{platform.key} confirmed" for platform in platforms], True

    def _report(self, facts):
        """:return: lines, and whether every secret can be opened"""
        order = [*facts["configured"], *sorted(facts["by_key"].keys() - set(facts["configured"]))]
        lines = [f"{key_id} {facts['by_key'].get(key_id, 0)}" for key_id in order]
        lines.append(f"unreadable {facts['unreadable']}")
        if facts["error"]:
            lines.append(facts["error"])
        return lines, not (facts["unreadable"] or facts["error"])
