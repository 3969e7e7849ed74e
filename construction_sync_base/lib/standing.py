"""Whether a database may speak for a platform: is it the one that the platform was
activated in, and is it production or a sandbox as the platform is?

A backup that was restored elsewhere holds every secret and address of production. Until
somebody says otherwise it takes nothing in and calls nobody.
"""

import hashlib

ENVIRONMENT_VARIABLE = "CONSTRUCTION_SYNC_ENVIRONMENT"
PRODUCTION, SANDBOX = "production", "sandbox"

# why a platform is halted, the gravest first
BAD_SETTING = "setting"  # the server's environment setting is neither of the two words
OTHER_ENVIRONMENT = "environment"  # the server is a sandbox and the platform not, or reverse
NEUTRALIZED = "neutralized"  # a production platform in a neutralised database
OTHER_DATABASE = "database"  # activated in another database than this one


def fingerprint(uuid, cluster, oid):
    """One text per database: a restored or copied database has another one.

    :param uuid: Odoo's `database.uuid`; a plain restore keeps it
    :param cluster: PostgreSQL's system identifier, None where it may not be read
    :param oid: the database's object id in that cluster; a restore makes a new one
    """
    return hashlib.sha256(f"{uuid}|{cluster}|{oid}".encode()).hexdigest()


def halted(platform, confirmed, *, here, neutralized, configured):
    """Why the platform may take nothing in and call nobody, or None.

    :param platform: environment of the platform
    :param confirmed: fingerprint of the database in which it was activated or confirmed
    :param here: fingerprint of this database
    :param neutralized: whether Odoo's neutralisation ran on this database
    :param configured: environment of the server by its setting; empty where it says nothing
    """
    if configured and configured not in (PRODUCTION, SANDBOX):
        return BAD_SETTING
    if configured and configured != platform:
        return OTHER_ENVIRONMENT
    if neutralized and platform != SANDBOX:
        return NEUTRALIZED
    if not confirmed or confirmed != here:
        return OTHER_DATABASE
    return None


def calls_allowed(reason, *, state, active, neutralized):
    """Whether the platform may be called: it is in use, not halted, and the database was
    never neutralised, which forbids calls to sandboxes too.

    :param reason: what `halted` returned
    """
    return reason is None and state == "active" and bool(active) and not neutralized
