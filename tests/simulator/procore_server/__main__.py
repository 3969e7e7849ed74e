"""Command line: a Procore to work against.

python -m tests.simulator.procore_server --port 8090 --seed sample
python -m tests.simulator.procore_server --port 8443 --self-signed /tmp/procore
python -m tests.simulator.procore_server --port 8443 --tls cert.pem key.pem
"""

import argparse
import signal
import sys
import threading

from . import Clock, ProcoreServer, certificate, sample
from .oauth import App


def main(argv=None) -> int:
    args = _parser().parse_args(argv)
    tls = args.tls or (args.self_signed and [certificate.write(args.self_signed)])
    world = ProcoreServer(
        Clock(runs=True),
        (App(args.client_id, args.client_secret),),
        args.host,
        args.port,
        tls and tuple(tls),
        args.hourly,
        args.spike,
        args.token_lifetime,
        args.ca or True,
    )
    if args.seed == "sample":
        rows = sample.load(world)
        print(f"sample month: {sum(rows.values())} records", flush=True)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    url = f"https://localhost:{world.port}" if args.self_signed else world.url
    with world:
        print(f"Procore simulator on {url}, control on {url}/_sim/state", flush=True)
        stop.wait()
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator.procore_server",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0: any that is free")
    parser.add_argument("--tls", nargs="+", metavar="FILE", help="certificate, and key if apart")
    parser.add_argument("--self-signed", metavar="FOLDER", help="make a certificate there")
    parser.add_argument("--ca", help="authorities of https addresses that hooks go to")
    parser.add_argument("--seed", choices=("sample", "empty"), default="sample")
    parser.add_argument("--client-id", default=App.client_id)
    parser.add_argument("--client-secret", default=App.secret)
    parser.add_argument("--hourly", type=int, default=100_000, help="calls per hour")
    parser.add_argument("--spike", type=int, default=10_000, help="calls per ten seconds")
    parser.add_argument("--token-lifetime", type=int, default=5400, help="seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
