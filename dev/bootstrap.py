"""First stage of every command, on the machine's own Python: build what is missing,
then hand over to manage.py inside the virtual environment."""

import os
import sys
import threading
import time
import venv

import apt
import odoo_source
from paths import BUILD, PYTHON, ROOT, say, stop


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    marked = BUILD / "odoo-source/complete"
    if (os.environ.get("ODOO_SOURCE") or marked.exists()) and venv.ready(odoo_source.ensure()):
        return
    started = time.monotonic()
    failed = []

    def packages():
        try:
            venv.install()
        except BaseException as error:  # the thread's end must reach the main thread
            failed.append(error)

    thread = threading.Thread(target=packages)
    thread.start()
    paths = odoo_source.ensure()
    apt.system_packages()
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
    build()
    os.execv(PYTHON, [str(PYTHON), str(ROOT / "dev/manage.py"), *sys.argv[1:]])
