"""One Odoo server as a child process: prefork workers with the job runner."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import psutil

import process
from paths import ROOT

# Two jobs at a time in all: they run in ordinary HTTP workers, and on two cores a
# third would only take turns with them.
CHANNELS = (
    "root:2,root.construction:2,root.construction.critical:1,"
    "root.construction.standard:1,root.construction.bulk:1,root.construction.outbound:1"
)
WORKER_LINE = re.compile(r"Worker (\w+) \((\d+)\) alive")


class ServerFailed(RuntimeError):
    """The server ended, or did not answer in time; the text has the end of its log."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_taken(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Odoo:
    """A server on 127.0.0.1 in a process group of its own."""

    def __init__(self, database, log_path, *, port=None, workers=2, options=(), environment=None):
        self.database = database
        self.log_path = log_path
        self.port = port or free_port()
        self.workers = workers
        self.options = list(options)
        self.environment = {"ODOO_QUEUE_JOB_CHANNELS": CHANNELS, **(environment or {})}
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Start the process; `wait()` tells when it serves."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        options = {
            "--http-interface": "127.0.0.1",
            "--http-port": self.port,
            "--gevent-port": free_port(),
            "--workers": self.workers,
            "--max-cron-threads": 1,
            "--logfile": self.log_path,
        }
        arguments = [f"{key}={value}" for key, value in options.items()]
        with open(self.log_path.with_suffix(".out"), "ab") as out:
            self.process = subprocess.Popen(
                process.command("-d", self.database, *arguments, *self.options),
                cwd=ROOT, env=process.environment(**self.environment),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=process.end_with_parent,
            )  # fmt: skip

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def healthy(self):
        """True when a worker answers (no database behind this address)."""
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait(self, timeout=120):
        """Return once the server answers.

        :raises ServerFailed: it ended, or `timeout` seconds have passed
        """
        deadline = time.monotonic() + timeout
        while not self.healthy():
            if not self.running:
                raise ServerFailed(f"Odoo ended with {self.process.returncode}\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"no answer within {timeout} s\n{self.log_tail()}")
            time.sleep(0.1)

    def worker_pids(self, kind="WorkerHTTP"):
        """Pids of the live workers of one kind: WorkerHTTP, WorkerCron, WorkerJobRunner."""
        children = {child.pid for child in psutil.Process(self.process.pid).children()}
        text = self.log_path.read_text(errors="replace")
        started = {int(pid) for name, pid in WORKER_LINE.findall(text) if name == kind}
        return sorted(children & started)

    def stop(self, timeout=10):
        """Stop gracefully, then without asking; only this server's process group."""
        if self.process is None:
            return
        if self.running:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        self.kill()

    def kill(self):
        """SIGKILL to the server and all its workers at once, as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def errors(self):
        return process.errors(self.log_path)

    def log_tail(self, characters=3000):
        parts = [self.log_path.with_suffix(".out"), self.log_path]
        return "\n".join(p.read_text(errors="replace")[-characters:] for p in parts if p.exists())
