"""First stage of every command, on the machine's own Python: build what is missing,
then hand over to manage.py inside the virtual environment."""

import os
import shutil
import subprocess
import sys
import threading
import time
import venv

import apt
import contract
import odoo_source
from paths import BUILD, PYTHON, ROOT, VENV, say, stop

# What `make clean` removes: only what the commands made, whatever BUILD_DIR names.
MADE = (
    "apt", "checkout-addons", "contract-venv", "data", "faketime", "locks", "log", "nginx",
    "odoo-source", "odoo-source.new", "pg",
    "pip-wheel", "requirements.plain.txt", "runtime", "secret.key", "venv",
)  # fmt: skip


def clean():
    for name in MADE:
        path = BUILD / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if BUILD.is_dir() and not any(BUILD.iterdir()):
        BUILD.rmdir()


def in_thread(work, failed):
    """Run `work` beside the main thread; what it raises ends up in the list `failed`."""

    def run():
        try:
            work()
        except BaseException as error:  # the thread's end must reach the main thread
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    marked = BUILD / "odoo-source/complete"
    if (os.environ.get("ODOO_SOURCE") or marked.exists()) and venv.ready(odoo_source.ensure()):
        return
    started = time.monotonic()
    failed = []
    threads = [in_thread(work, failed) for work in (venv.install, apt.system_packages)]
    paths = odoo_source.ensure()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    venv.finish(paths)
    say(f"built in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        stop("usage: python3 dev/bootstrap.py run|test|bench|lint|stop|…  (or: make run)")
    os.chdir(ROOT)
    os.environ["LC_ALL"] = "C.UTF-8"
    if sys.argv[1] in ("stop", "clean"):
        if (VENV / "complete").exists():  # nothing is built in order to stop it
            done = subprocess.run([PYTHON, ROOT / "dev/manage.py", "stop"], check=False)
            if done.returncode:
                sys.exit(done.returncode)
        if sys.argv[1] == "clean":
            clean()
        sys.exit()
    if sys.argv[1] == "contract":  # a partner has no use for Odoo
        python = venv.small(BUILD / "contract-venv", contract.NEEDS)
        os.execv(python, [str(python), str(ROOT / "dev/contract.py"), *sys.argv[2:]])
    build()
    os.execv(PYTHON, [str(PYTHON), str(ROOT / "dev/manage.py"), *sys.argv[1:]])
