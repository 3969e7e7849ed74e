"""Debian packages fetched into a private folder, without root and without touching
the machine's own package configuration. The mirror's address is the machine's own."""

import os
import shutil
import subprocess

from paths import BUILD, say

PRIVATE = BUILD / "apt"


def codename():
    """The machine's Debian release name, or None where this is not Debian."""
    try:
        with open("/etc/os-release", encoding="utf-8") as handle:
            lines = dict(line.rstrip().split("=", 1) for line in handle if "=" in line)
    except OSError:
        return None
    if lines.get("ID", "").strip('"') != "debian":
        return None
    return lines.get("VERSION_CODENAME", "").strip('"') or None


def mirror():
    """Base address of the machine's own Debian mirror, or None."""
    release = codename()
    if not (release and shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    out = subprocess.run(
        ["apt-get", "update", "--print-uris"], capture_output=True, text=True, check=False
    ).stdout
    for line in out.splitlines():
        address = line.split(" ")[0].strip("'")
        marker = f"/dists/{release}/"
        if address.startswith(("http://", "https://")) and marker in address:
            return address.split(marker)[0]
    return None


def _options(folder):
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": "/dev/null",  # what is installed would be asked for by its version
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Retries": "3",
        "APT::Update::Error-Mode": "any",
    }
    if os.geteuid() == 0:
        options["APT::Sandbox::User"] = "root"
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def fetch(suite, packages, target):
    """Unpack `packages` of Debian suite `suite` into the folder `target`.

    :raises RuntimeError: no mirror, an unreachable one, or a package it lacks
    """
    base = mirror()
    if not base:
        raise RuntimeError("this machine names no Debian mirror")
    folder = PRIVATE / suite
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={keyring}] {base} {suite} main\n")
    options = _options(folder)
    for command in (["update", "-qq"], ["download", "-qq", *packages]):
        done = subprocess.run(
            ["apt-get", *options, *command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"apt-get {command[0]} ({suite}): {done.stderr.strip()[-400:]}")
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, target], check=True)
        archive.unlink()


def system_packages():
    """Install what only root can install, or say exactly what to type.

    Nothing here stops a step that does not need it: a missing browser shows
    later as skipped tours, which `make test` then reports as a failure.
    """
    wanted = {"chromium": "chromium", "wkhtmltopdf": "wkhtmltopdf"}
    missing = [name for name, command in wanted.items() if not shutil.which(command)]
    if not missing or not shutil.which("apt-get"):
        return
    if codename() not in (None, "bookworm") and "wkhtmltopdf" in missing:
        missing.remove("wkhtmltopdf")  # newer Debian has none; only PDF prints need it
    if not missing:
        return
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        say(f"for browser tours and PDF prints, once: sudo {' '.join(install)}")
        return
    say(f"installing system packages: {' '.join(missing)}")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")
            return


def nginx():
    """Path of an nginx program for the tests of the reverse proxy, or None.

    Debian's package is unpacked privately: installed, it would start a service.
    """
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    private = BUILD / "nginx"
    program = private / "usr/sbin/nginx"
    if found or program.exists():
        return found or str(program)
    try:
        fetch(codename(), ["nginx"], private)
    except RuntimeError as error:
        say(f"no nginx, so the tests of docs/nginx.conf are skipped: {error}")
    return str(program) if program.exists() else None


def faketime():
    """Path of libfaketime for the tests of clocks that differ, or None."""
    private = BUILD / "faketime"
    library = private / "faketime.so"
    if not library.exists():
        try:
            fetch(codename(), ["libfaketime"], private)
            library.symlink_to(next(private.rglob("libfaketime.so.1")))
        except (RuntimeError, StopIteration) as error:
            say(f"no libfaketime, so the tests of differing clocks are skipped: {error}")
    return str(library) if library.exists() else None
