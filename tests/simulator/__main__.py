"""Command line of the platform simulator.

    python -m tests.simulator play --url http://127.0.0.1:8069 --db construction \
        --login admin --password admin --key demo-platform --seed 19
    python -m tests.simulator send --url … --key … --secret … --file events.json
    python -m tests.simulator sample --seed 19
"""

import argparse
import json
import pathlib
import sys

import requests

from .plan import CALM, Disturbance, Post, make_plan
from .player import Player
from .provision import Client, OdooError, provision
from .report import Watcher, remarks, table
from .sample_month import sample_month
from .signing import StandardWebhooks, scheme


def main(argv=None) -> int:
    """0: everything was taken and left `pending`; 1: something was not; 2: wrong usage."""
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except (OdooError, OSError, ValueError, requests.RequestException) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1


def play(args) -> int:
    """Provisions when needed, plays the month, waits, prints what arrived where."""
    client = Client(args.url, args.db, args.login, args.password)
    platform = provision(client, args.key)
    print(f"platform {args.key} {'made' if platform['created'] else 'found'}", flush=True)
    events = sample_month(args.seed)
    plan = make_plan(events, args.seed, CALM if args.no_disturbance else Disturbance())
    player = Player(
        args.url,
        args.key,
        StandardWebhooks(platform["secret"]),
        args.db,
        rate=args.rate,
        seed=args.seed,
    )
    print(f"playing {len(events)} events of seed {args.seed}", flush=True)
    tally = player.play(plan)
    print(
        f"{sum(tally.sent.values())} copies in {tally.posts} posts, {tally.retries} retries, "
        f"{tally.seconds:.1f} s",
        flush=True,
    )
    watcher = Watcher(args.url, args.key, platform["api_key"], args.db)
    answers = watcher.wait(
        events, args.timeout, progress=lambda n: n and print(f"  {n} pending", flush=True)
    )
    print(table(events, tally, answers))
    for line in (*remarks(tally, answers), *tally.refused[:5]):
        print(line)
    left = any(answer["state"] in ("pending", "unknown") for answer in answers.values())
    return 1 if left or tally.refused else 0


def send(args) -> int:
    """Sends the events of a file (one object or a list) and prints each result."""
    text = sys.stdin.read() if args.file == "-" else pathlib.Path(args.file).read_text("utf-8")
    events = json.loads(text)
    events = events if isinstance(events, list) else [events]
    player = Player(
        args.url,
        args.key,
        scheme(args.auth, args.secret, args.header),
        args.db,
        rate=args.rate,
        patience=args.patience,
    )
    if args.batch:
        posts = [Post(events[i : i + args.batch], True) for i in range(0, len(events), args.batch)]
    else:
        posts = [Post([event]) for event in events]
    for post in posts:
        response = player.send(post)
        answer = "no answer" if response is None else f"{response.status_code} {response.text}"
        print(answer)
    return 1 if player.tally.refused else 0


def sample(args) -> int:
    """Prints the month as a JSON list."""
    json.dump(sample_month(args.seed), sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="play|send|sample")

    playing = commands.add_parser("play", help="provision a platform and play the sample month")
    playing.add_argument("--url", default="http://127.0.0.1:8069")
    playing.add_argument("--db", default="construction")
    playing.add_argument("--login", default="admin")
    playing.add_argument("--password", default="admin")
    playing.add_argument("--key", default="demo-platform", help="key of the platform")
    playing.add_argument("--seed", type=int, default=19)
    playing.add_argument(
        "--no-disturbance", action="store_true", help="one event per post, each once, in order"
    )
    playing.add_argument("--rate", type=float, default=0, help="events per second; 0: no limit")
    playing.add_argument(
        "--timeout", type=float, default=180, help="seconds to wait until no event is pending"
    )
    playing.set_defaults(run=play)

    sending = commands.add_parser("send", help="send the events of a file")
    sending.add_argument("--url", default="http://127.0.0.1:8069")
    sending.add_argument("--db", help="database, where the server has several")
    sending.add_argument("--key", required=True, help="key of the platform")
    sending.add_argument("--secret", required=True, help="secret, API key or token")
    sending.add_argument(
        "--auth",
        default="standard_webhooks",
        choices=("standard_webhooks", "bearer", "static_header"),
    )
    sending.add_argument("--header", default="Authorization", help="header of static_header")
    sending.add_argument("--file", required=True, help="a JSON file, or - for standard input")
    sending.add_argument("--batch", type=int, default=0, help="events per batch; 0: no batches")
    sending.add_argument("--rate", type=float, default=0, help="events per second; 0: no limit")
    sending.add_argument(
        "--patience", type=float, default=30, help="seconds in which a post is tried again"
    )
    sending.set_defaults(run=send)

    sampling = commands.add_parser("sample", help="print the sample month as JSON")
    sampling.add_argument("--seed", type=int, default=19)
    sampling.set_defaults(run=sample)
    return parser


if __name__ == "__main__":
    sys.exit(main())
