"""Databases that are either finished or not there.

Each is built as `<name>_new` and renamed when it is done, so an interrupted build never
looks finished. What it was built from stands in the comment of the database, which also
says whose it is: no command touches a database that this checkout did not make.
"""

import ast
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import time

import psycopg2
from psycopg2 import errors, sql

import process
from paths import ADDONS, BUILD, DATA_DIR, ROOT, say, stop

RUN = "construction"
BASE = "construction_test_base"
TEST = "construction_test"
FULL_BASE = "construction_test_full_base"
FULL = "construction_test_full"
INNER = "construction_addon"
# Odoo applications that users may have beside ours; the tests run with and without them.
OPTIONAL = ["sale_management", "hr_timesheet", "stock_account"]

# The bundles of the first pages and of the tours; Odoo's own list takes four times as long.
BUNDLES = """
for bundle in (
    "web.assets_frontend_minimal", "web.assets_frontend_lazy", "web.assets_web",
    "web.assets_tests", "web.__assets_tests_call__", "web_tour.automatic", "web_tour.interactive",
):
    env["ir.qweb"]._get_asset_bundle(bundle, css=False, js=True).js()
for bundle in (
    "web.assets_frontend", "web.assets_web", "web.assets_web_print", "web_tour.interactive",
):
    env["ir.qweb"]._get_asset_bundle(bundle, css=True, js=False).css()
env.cr.commit()
"""


@contextlib.contextmanager
def cursor(database="postgres"):
    """Cursor in autocommit, as creating and renaming databases needs it."""
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cr:
            yield cr
    finally:
        connection.close()


def _manifest(addon):
    return ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())


def addons():
    """The project's installable addons."""
    return [name for name in ADDONS if _manifest(name).get("installable", True)]


def dependencies():
    """Addons of others that ours depend on."""
    ours = addons()
    return sorted({name for addon in ours for name in _manifest(addon)["depends"]} - set(ours))


def tree_hash():
    """Hash of all that an installation of our addons depends on, their tests left out."""
    digest = hashlib.sha256()
    for addon in addons():
        for path in sorted((ROOT / addon).rglob("*")):
            inside = path.relative_to(ROOT / addon)
            if inside.parts[0] in ("tests", "readme") or path.suffix == ".pyc" or path.is_dir():
                continue
            digest.update(f"{addon}/{inside}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def packages():
    """What of others' code a database was made with: addons from the lock, Odoo's source."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    addons_of_others = [line for line in lines if line.startswith("odoo-addon-")]
    return [*addons_of_others, os.environ.get("ODOO_SOURCE", "")]


def facts(name):
    """What the comment of a database says; {} without one, None without a database."""
    with cursor() as cr:
        cr.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        )
        row = cr.fetchone()
    if row is None:
        return None
    try:
        return dict(json.loads(row[0] or "{}"))
    except ValueError:
        return {}


def filestore(name):
    return DATA_DIR / "filestore" / name


def _check_ours(name):
    found = facts(name)
    if found is not None and found.get("build") != str(BUILD) and not name.endswith("_new"):
        stop(
            f"Database {name} was not made by this checkout ({BUILD}). Drop or rename it, "
            "or set PGHOST to another server."
        )


def drop(name):
    """Drop a database of this checkout with its files, if it is there."""
    _check_ours(name)
    query = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with cursor() as cr:
        _patiently(cr, query, f"Database {name} is in use, it cannot be dropped.")
    shutil.rmtree(filestore(name), ignore_errors=True)


def _patiently(cr, query, trouble):
    """A closing connection is gone in a moment, and so is autovacuum, which we may not end."""
    for attempt in range(20):
        try:
            cr.execute(query)
            return
        except (errors.ObjectInUse, errors.InsufficientPrivilege):
            if attempt == 19:
                stop(f"{trouble} Close what uses it.")
            time.sleep(0.5)


def note(name, **values):
    """Write the comment: whose it is and what it was built from."""
    text = json.dumps({"build": str(BUILD), **values})
    with cursor() as cr:
        cr.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text))
        )


def copy(source, target, **values):
    """A copy on the server, its files as hard links: Odoo never changes a stored file."""
    with cursor() as cr:
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(target), sql.Identifier(source)
        )
        _patiently(cr, query, f"Database {source} is in use, it cannot be copied.")
    note(target, **values)
    copy_filestore(source, target)


def copy_filestore(source, target):
    shutil.rmtree(filestore(target), ignore_errors=True)
    if filestore(source).exists():
        subprocess.run(["cp", "-al", filestore(source), filestore(target)], check=True)


def _publish(fresh, name, values):
    """The renaming of the database comes last: until then the next command builds again."""
    note(fresh, **values)
    drop(name)
    if filestore(fresh).exists():
        filestore(fresh).rename(filestore(name))
    with cursor() as cr:
        cr.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(fresh), sql.Identifier(name)
            )
        )


def finished(name, **values):
    found = facts(name)
    if found is None:
        return False
    _check_ours(name)
    return filestore(name).exists() and all(found.get(key) == values[key] for key in values)


def _build(name, install, *options, template=None, assets=True, **values):
    """Build `name` from nothing or from the finished database `template`."""
    started = time.monotonic()
    _check_ours(name)
    say(f"database {name}: installing {', '.join(install)}")
    fresh = f"{name}_new"
    drop(fresh)
    if template:
        copy(template, fresh)
    process.odoo_once(name, fresh, "-i", ",".join(install), *options)
    if assets:
        process.odoo_once(f"{name}.assets", fresh, script=BUNDLES)
    _publish(fresh, name, values)
    say(f"database {name}: ready after {time.monotonic() - started:.0f} s")


def _update(name, **values):
    """Bring an existing database to the code of the working tree.

    queue_job first when the packages changed: all of ours depend on it and follow.
    """
    known = facts(name)
    names = addons() if known.get("packages") == packages() else ["queue_job", *addons()]
    say(f"database {name}: the code has changed, updating {', '.join(names)}")
    process.odoo_once(f"{name}.update", name, "-i", ",".join(addons()), "-u", ",".join(names))
    note(name, **values)


def ensure_run():
    """The database of `make run`, with demo data, up to date with the working tree."""
    with process.locked(RUN):
        values = {"tree": tree_hash(), "packages": packages()}
        if not finished(RUN):
            _build(RUN, addons(), "--with-demo", **values)
        elif not finished(RUN, **values):
            _update(RUN, **values)


def template(full=False):
    """What all test databases start from; it lasts as long as the packages do."""
    values = {"packages": packages(), "needs": dependencies()}
    with process.locked(BASE):
        if not finished(BASE, **values):
            _build(BASE, dependencies(), **values)
    if not full:
        return BASE
    with process.locked(FULL_BASE):
        if not finished(FULL_BASE, **values):
            _build(FULL_BASE, OPTIONAL, template=BASE, **values)
    return FULL_BASE


def fresh_test(full=False):
    """A test database as after an installation of our addons a moment ago."""
    name = FULL if full else TEST
    with process.locked(name):
        _build(name, addons(), template=template(full), tree=tree_hash())
    return name


def ensure_test():
    """The test database, new only if the code has changed since it was made."""
    if not finished(TEST, tree=tree_hash()):
        fresh_test()
    return TEST


def ensure_inner():
    """The kept database of `make test-addon`: updated, not rebuilt, when code changes."""
    with process.locked(INNER):
        values = {"tree": tree_hash(), "packages": packages(), "needs": dependencies()}
        if not finished(INNER, needs=values["needs"]):
            _build(INNER, addons(), template=template(), assets=False, **values)
        elif not finished(INNER, **values):
            _update(INNER, **values)
    return INNER


def sweep(prefix):
    """Drop the copies that killed test runs left behind (the owner's pid is in the name)."""
    with cursor() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        names = [row[0] for row in cr.fetchall()]
    for name in names:
        pid = name.removeprefix(prefix).split("_")[0]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            drop(name)
