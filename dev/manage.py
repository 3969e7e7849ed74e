"""Second stage of every command, inside the virtual environment: `manage.py <command>`."""

import os
import subprocess
import sys

import lint
import postgres
import process
import server
import testing
from paths import ROOT, stop


def execute(*command):
    """Run a program in this environment with PostgreSQL up: pytest, psql, python …"""
    postgres.start()
    return subprocess.run(command, cwd=ROOT, env=process.environment(), check=False).returncode


COMMANDS = {
    "run": server.run,
    "stop": server.halt,
    "test": testing.test,
    "test-addon": testing.test_addon,
    "bench": testing.bench,
    "chaos": testing.chaos,
    "lint": lint.lint,
    "exec": execute,
}


def main(name, *arguments):
    os.environ["LC_ALL"] = "C.UTF-8"
    os.chdir(ROOT)
    try:
        return COMMANDS[name](*arguments)
    except KeyError:
        if name in COMMANDS:
            raise
        stop(f"unknown command {name}; there are {', '.join(COMMANDS)}")
    except PermissionError as error:
        stop(f"{error}. Was it made by another user, root perhaps? `make clean` as that user.")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
