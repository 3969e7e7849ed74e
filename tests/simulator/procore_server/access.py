"""What an integration may see. It is lost at the platform without a word."""

from .wire import Refused, missing

EMPTY, FORBIDDEN, MISSING = "empty", "forbidden", "missing"


class Access:
    """Everything is granted until somebody takes it away.

    A service account has a list of projects: one that is not on it is absent from the list of
    projects, its lists are empty, its records are not found. A tool that is off, or may not
    be used, answers with an empty list, with 403 or with 404.
    """

    def __init__(self):
        self.connected = True
        self.turn = 0  # grows with every change
        self._hidden = set()
        self._denied = {}

    def hide(self, project):
        """The project is not granted any more."""
        self._hidden.add(project)
        self.turn += 1

    def deny(self, table, how=EMPTY, project=None):
        """A tool, in one project or in all."""
        if how not in (EMPTY, FORBIDDEN, MISSING):
            raise ValueError(f"{how!r} is no way of losing access")
        self._denied[table, project] = how

    def restore(self):
        """Everything is granted again."""
        self.connected = True
        self.turn += 1
        self._hidden.clear()
        self._denied.clear()

    def hidden(self, row):
        return row.get("_project") in self._hidden

    def lists(self, table, project):
        """Whether the tool's list shows anything.

        :raises Refused: 403 or 404
        """
        how = self._how(table, project)
        if how == FORBIDDEN:
            raise _forbidden()
        if how == MISSING:
            raise missing()
        return how is None

    def touch(self, table, row):
        """One record is to be read or written.

        :raises Refused: 403 or 404
        """
        how = self._how(table, row.get("_project"))
        if how == FORBIDDEN:
            raise _forbidden()
        if how or self.hidden(row):
            raise missing()

    def _how(self, table, project):
        return self._denied.get((table, project)) or self._denied.get((table, None))


def _forbidden():
    """The body is unverified."""
    return Refused(403, {"errors": "You do not have permission to do this"})
