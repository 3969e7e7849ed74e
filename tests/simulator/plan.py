"""In what shape events leave the platform: seeded duplicates, reorderings, delays, bursts, batches.

A plan is pure data, made before anything is sent; one seed, one plan. Whatever the disturbance,
every event is in the plan at least once.
"""

import random
from dataclasses import dataclass, field

BATCH_LIMIT = 1000


@dataclass(frozen=True)
class Disturbance:
    """Shares are 0 to 1 of all events (bursts: of all posts); distances are in events."""

    duplicates: float = 0.12
    reordered: float = 0.08
    distance: int = 12
    delayed: float = 0.03
    delay_seconds: float = 0.3
    batched: float = 0.35
    batch_size: int = 20
    bursts: float = 0.3
    burst_size: int = 6


CALM = Disturbance(duplicates=0, reordered=0, delayed=0, batched=0, bursts=0)


@dataclass
class Post:
    """One HTTP request: its events, whether it is a batch, and the wait before it in seconds."""

    events: list[dict]
    batch: bool = False
    wait: float = 0.0


@dataclass
class Burst:
    """Posts that are sent at the same time over several connections."""

    posts: list[Post] = field(default_factory=list)


def make_plan(events: list[dict], seed: int, disturbance: Disturbance = CALM) -> list[Burst]:
    """The posts in the order they are sent; without disturbance one event per post, in order."""
    rng = random.Random(f"plan-{seed}")
    posts = _posts(
        _with_duplicates(_reordered(events, rng, disturbance), rng, disturbance), rng, disturbance
    )
    bursts, index = [], 0
    while index < len(posts):
        size = rng.randint(2, disturbance.burst_size) if rng.random() < disturbance.bursts else 1
        bursts.append(Burst(posts[index : index + size]))
        index += size
    return bursts


def _reordered(events, rng, disturbance):
    """Some events arrive earlier or later than they happened, a few places at most."""
    places = []
    for index, event in enumerate(events):
        moved = rng.random() < disturbance.reordered
        shift = rng.uniform(-disturbance.distance, disturbance.distance) if moved else 0
        places.append((index + shift, index, event))
    return [event for _place, _index, event in sorted(places, key=lambda item: item[:2])]


def _with_duplicates(events, rng, disturbance):
    """A platform that saw no answer sends again: at once or a while later."""
    out = [(float(index), event) for index, event in enumerate(events)]
    for index, event in enumerate(events):
        if rng.random() < disturbance.duplicates:
            out.append((index + rng.choice((0.5, rng.uniform(1, 40))), event))
    return [event for _place, event in sorted(out, key=lambda item: item[0])]


def _posts(events, rng, disturbance):
    posts, index = [], 0
    while index < len(events):
        size, batch = 1, rng.random() < disturbance.batched / max(1, disturbance.batch_size / 2)
        if batch:
            size = rng.randint(2, min(disturbance.batch_size, BATCH_LIMIT))
        wait = 0.0
        if rng.random() < disturbance.delayed:
            wait = rng.uniform(0, disturbance.delay_seconds)
        posts.append(Post(events[index : index + size], batch, wait))
        index += size
    return posts
