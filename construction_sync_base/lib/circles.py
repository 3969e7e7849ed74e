"""Events that wait for each other: a circle has no first one, so none of them goes on."""


def find(waits):
    """Circles among what waits.

    :param waits: {node: the nodes it waits for}
    :return: list of circles, each a list of nodes in the order of waiting; every node that
        lies on a circle is on at least one of them, and those of one circle come once
    """
    circles, covered = [], set()
    for start in waits:
        if start in covered:
            continue
        circle = _back_to(start, waits)
        if circle:
            covered.update(circle)
            circles.append(circle)
    return circles


def _back_to(start, waits):
    """The shortest way from a node back to it, without the return; None if there is none."""
    came_from, front = {}, [start]
    while front:
        coming = []
        for node in front:
            for other in waits.get(node, ()):
                if other == start:
                    return _way(node, start, came_from)
                if other not in came_from:
                    came_from[other] = node
                    coming.append(other)
        front = coming
    return None


def _way(node, start, came_from):
    way = [node]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
