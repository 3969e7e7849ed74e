"""Procore ERP requests → canonical events of the contract.

A request is what Procore's ERP tool wants from the accounting system:
`{"id", "company_id", "request_name", "request_data", "created_at"}`. Its kinds and fields
are those of Procore's "ERP events dictionary".

Three rules hold for all of them. An `amount` leads: totals, quantities, prices and texts
made for people (`formatted_…`) never correct it. A record is named by our id
(`origin_id`), by Procore's own, or by both. The events carry no `sequence`: a request is
a snapshot taken when the user asked for it, so its time orders it, also where a line was
changed and the record's own `updated_at` was not.
"""

from functools import partial

from ..lib import strict_json
from ..lib.errors import Malformed, UnknownKind
from . import procore_documents as documents
from . import procore_masters as masters
from .procore_request import Request
from .procore_wire import table, text

# Project lists run to hundreds of codes of thirty keys each: more than one event may hold.
MAX_KEYS = 200_000


def read(body):
    """The parsed request of a body; Malformed when it is none."""
    request = strict_json.loads(body, max_keys=MAX_KEYS)
    if isinstance(request, dict) and "request_name" not in request:
        kind = text(request.get("resource_name")) or text(request.get("resource_type"))
        if kind:
            raise Malformed(
                f"only a notice of {kind} {text(request.get('resource_id'))}; send the request "
                "itself with request_name and request_data"
            )
    return table(request, "the request")


def translate(body, currency_of, received_at=None):
    """Canonical events of one request, in the order in which they build on each other.

    :param body: bytes of the request
    :param currency_of: function from the reference of a job to a currency code, asked only
        where the request names no currency
    :param received_at: text of an instant that stands in for a request without a time
    :raises Malformed: the request cannot be read, or is about a state that is not approved
    :raises UnknownKind: nothing here applies this kind of request
    """
    request = Request(read(body), body, currency_of, received_at)
    apply = REQUESTS.get(request.name)
    if apply is None:
        raise UnknownKind(f"{request.name[:80]} is not among the requests that can be applied")
    apply(request)
    return request.made


def _nothing(request):
    """A periodic hint that Odoo may send news; there is nothing to apply."""


def _removed(key, object_name, fact="deleted", prefix=""):
    return partial(masters.remove_rows, key=key, object_name=object_name, fact=fact, prefix=prefix)


REQUESTS = {
    "create_or_update_job": masters.export_job,
    "create_job_in_procore": masters.link_job,
    "reset_job": masters.reset_job,
    "sync_single_job": _nothing,
    "create_sub_job": masters.export_sub_job,
    "create_sub_job_in_procore": masters.link_sub_job,
    "reset_sub_job": masters.reset_sub_job,
    "sync_sub_job": _nothing,
    "create_standard_cost_codes": masters.export_standard_codes,
    "delete_standard_cost_codes": _removed(
        "standard_cost_code_data_array", "cost_code", prefix=masters.STANDARD
    ),
    "unlink_standard_cost_codes": _removed(
        "standard_cost_codes", "cost_code", "unlinked", masters.STANDARD
    ),
    "delete_standard_categories": _removed("standard_category_data_array", "cost_type"),
    "delete_cost_code": _removed("project_cost_code_data_array", "cost_code"),
    "delete_cost_codes": _removed("cost_codes", "cost_code"),
    "create_vendor": masters.export_vendor,
    "create_vendor_in_procore": masters.link_vendor,
    "link_vendor": masters.link_vendor,
    "link_all_vendors": masters.link_vendors,
    "unlink_vendor": partial(masters.link_vendor, fact="unlinked"),
    "merge_vendors": masters.merge_vendors,
    "create_budget": documents.export_budget,
    "update_budget": documents.export_budget,
    "create_commitment": documents.export_commitment,
    "unlink_commitment": documents.unlink_commitment,
}
