"""Which handler answers a path."""

import re

from .wire import Refused


class Router:
    """Paths with places: `{id}` and everything that ends in `_id` are whole numbers."""

    def __init__(self):
        self._exact, self._patterns = {}, []

    def add(self, method, path, handler, *more):
        """
        :param handler: function call, *more → Reply
        """
        if "{" not in path:
            self._exact.setdefault(path, {})[method] = (handler, more)
            return
        for known, _pattern, handlers in self._patterns:
            if known == path:
                handlers[method] = (handler, more)
                return
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", path))
        self._patterns.append((path, pattern, {method: (handler, more)}))

    def answer(self, call):
        """What the handler of the path answers.

        :raises Refused: 404 for a path that is not there, 405 for a method it does not take
        """
        handlers = self._exact.get(call.path)
        if handlers is None:
            for _path, pattern, known in self._patterns:
                match = pattern.fullmatch(call.path)
                if match:
                    handlers, call.places = known, call.places | match.groupdict()
                    break
        if handlers is None:
            raise Refused(404, {"errors": f"There is no {call.path} in this simulator"})
        if call.method not in handlers:
            raise Refused(
                405, {"errors": f"{call.method} is not taken"}, {"Allow": ", ".join(handlers)}
            )
        handler, more = handlers[call.method]
        return handler(call, *more)
