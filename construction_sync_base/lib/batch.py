"""What passes between the engine and a handler: one item per event."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Problem:
    """Why an event cannot be applied, or what somebody should know about it.

    :param category: one of the issue categories of the contract
    :param wait: key of what is missing (`kind|value`); its appearance resumes the event
    :param blocking: False for a notice about an event that was applied
    :param candidates: list of `Candidate`: the person chooses one of them, or a new record
    :param may_be_new: False where a second record cannot exist beside the candidates
    """

    category: str
    message: str
    wait: str | None = None
    blocking: bool = True
    severity: str = "medium"
    amount: object = None
    currency_id: int | None = None
    suggestion: str | None = None
    candidates: tuple = ()
    may_be_new: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be the one an event speaks of, and how it differs from it."""

    model: str
    id: int
    differences: str


class Refused(Exception):
    """A business refusal that shows only after writing: what was written for this event
    is undone, and the event is parked with the problem."""

    def __init__(self, problem):
        super().__init__(problem.message)
        self.problem = problem


class Retry(Exception):
    """A passing fault: try this event again later by the retry schedule."""


@dataclass(slots=True)
class Item:
    """One event on its way through a handler."""

    id: int
    platform_id: int
    company_id: int
    type: str
    object: str
    subject: str
    sequence: str | None
    time: object
    data: dict
    data_digest: str
    replaces: bool
    approved_note: str | None = None
    apart: bool = False  # a person decided: none of the records that are there already
    problems: list = field(default_factory=list)
    bindings: list = field(default_factory=list)

    @property
    def external_id(self):
        return self.data.get("external_id") or self.subject.partition("/")[2]

    @property
    def blocked(self):
        return any(problem.blocking for problem in self.problems)

    def park(self, category, message, **more):
        """Stop this event with an issue; the others of the batch go on."""
        self.problems.append(Problem(category, message, **more))

    def notice(self, category, message, **more):
        """Apply the event and open an issue about it all the same."""
        self.problems.append(Problem(category, message, blocking=False, **more))

    def bind(
        self,
        record,
        *,
        external_id=None,
        object_name=None,
        tombstone=False,
        unlinked=False,
        merged_into=None,
    ):
        """Say which record stands for the platform's record from now on.

        :param tombstone: the platform voided or deleted its record
        :param unlinked: the platform took the link back: the record stands for nothing
        :param merged_into: external id of the record that took this one's place
        """
        self.bindings.append(
            {
                "object": object_name or self.object,
                "external_id": external_id or self.external_id,
                "res_model": record._name if record else None,
                "res_id": record.id if record else None,
                "company_id": record.company_id.id if record and record.company_id else None,
                "tombstone": tombstone,
                "unlinked": unlinked,
                "merged_into": merged_into,
            }
        )


def columns(rows):
    """Rows of equal length as one list per column, the way `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
