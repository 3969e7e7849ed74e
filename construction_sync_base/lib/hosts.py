"""Which environment a host of a platform belongs to. Real money is never sent to a sandbox, nor
a test to production: an address that is known is held against the platform's setting.

Source: the vendors' pages on development environments. What is not listed is not judged.
"""

from urllib.parse import urlsplit

from .ssrf import Guard

PRODUCTION, SANDBOX = "production", "sandbox"
_KNOWN = {
    "api.procore.com": PRODUCTION,
    "login.procore.com": PRODUCTION,
    "sandbox.procore.com": SANDBOX,
    "login-sandbox.procore.com": SANDBOX,
    "api-monthly.procore.com": SANDBOX,
    "login-sandbox-monthly.procore.com": SANDBOX,
}


def place(url):
    """Host, or host:port, of an https address, as `ssrf.Guard` lists it. None for others, and for
    those that it would not call: names only, and no query behind the path."""
    try:
        parts = urlsplit(url or "")
        port = parts.port
        found = f"{parts.hostname}:{port}" if port not in (None, 443) else parts.hostname or ""
        Guard([found])
    except ValueError:
        return None
    whole = parts.scheme == "https" and "@" not in parts.netloc and not parts.query
    return found if whole and not parts.fragment else None


def belongs(url, environment):
    """Whether an address may be called by a platform of an environment.

    On-demand sandboxes of Procore answer on the production host, so a sandbox may call it.
    """
    known = _KNOWN.get((place(url) or "").partition(":")[0])
    return known is None or known == environment or (known, environment) == (PRODUCTION, SANDBOX)
