"""The ways in which what a platform sends can be wrong before Odoo is asked.

The text of each is shown to people and stored in issues: short, one line, and
never more of the sender's content than a shortened ``repr``.
"""


class Malformed(ValueError):
    """The body or its envelope cannot be read: stored, answered 2xx, never applied.

    ``event_id`` is the CloudEvents id where one could still be read, else None;
    the answer to the sender names it.
    """

    def __init__(self, reason, event_id=None):
        super().__init__(reason)
        self.event_id = event_id


def _(text):
    """Marks a text that a model will translate when it shows it."""
    return text


class ToldError(ValueError):
    """What is wrong, in words that a model translates.

    :param text: with named placeholders for `values`
    """

    def __init__(self, text, **values):
        super().__init__(text % values)
        self.text = text
        self.values = values


class AmountError(ToldError):
    """A number has a form, size or sign that is refused rather than rounded."""


class AttachmentError(ToldError):
    """The content of a file cannot be read or is not what the event says of it."""


class UnknownKind(ValueError):
    """A webhook that can be read, of a kind that its translator does not know: parked."""
