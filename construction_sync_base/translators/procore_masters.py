"""Procore's jobs, cost codes and vendors, as they reach the ERP tool."""

from .procore_wire import given, reference, required, rows, table, text

STANDARD = "standard-"  # codes of the standard list are numbered apart from those of projects
SUB_JOB = "sub-job-"  # and sub jobs apart from projects


def export_job(request):
    """A project, and its cost codes."""
    job = request.part("job")
    job_id = required(job.get("id"), "job.id")
    data = {
        "external_id": job_id,
        "number": text(job.get("origin_code")) or text(job.get("project_number")) or job_id,
        "name": required(job.get("name"), "job.name"),
        # an inactive project takes nothing new and can come back
        "status": "on_hold" if job.get("active") is False else "active",
        **given(address=_address(job)),
    }
    request.event("job.upserted", f"job/{job_id}", data)
    _project_codes(request, job_id)


def export_sub_job(request):
    """A sub job below its project, and its cost codes."""
    sub_job = request.part("sub_job")
    job_id = SUB_JOB + required(sub_job.get("id"), "sub_job.id")
    project = table(sub_job.get("project"), "sub_job.project")
    data = {
        "external_id": job_id,
        "number": text(sub_job.get("code")) or job_id,
        "name": required(sub_job.get("name"), "sub_job.name"),
        "status": "active",
        "kind": "sub_job",
        "parent": reference(project.get("id"), project.get("origin_id"), "sub_job.project"),
    }
    request.event("job.upserted", f"job/{job_id}", data, sub_job.get("updated_at"))
    _project_codes(request, job_id)


def _project_codes(request, job_id):
    """The project's codes. One that stems from the company's standard list is that
    list's code, or every job would have analytic accounts of its own for it."""
    codes = request.parts("all_cost_codes")
    by_id = {text(code.get("id")): code for code in codes}
    for position, code in enumerate(codes):
        path = f"all_cost_codes[{position}]"
        own = text(code.get("standard_cost_code_id")) is None
        own = own and text(code.get("standard_cost_code_origin_id")) is None
        deleted = text(code.get("deleted_at")) is not None
        if deleted and not own:
            continue  # gone from this project, not from the standard list
        parent = by_id.get(text(table(code.get("parent") or {}, f"{path}.parent").get("id")))
        types = rows(code.get("line_item_types"), f"{path}.line_item_types")
        types = [text(row.get("code")) for row in types]
        code_id = required(code.get("id"), f"{path}.id")
        data = {
            "external_id": code_id,
            "code": required(code.get("full_code"), f"{path}.full_code"),
            "name": required(code.get("name"), f"{path}.name"),
            **({"job": job_id} if own else {}),
            **given(parent_code=text(parent.get("full_code")) if parent else None),
            **({"active": False} if deleted else {}),
        }
        if any(types):
            data["cost_types"] = [code for code in types if code]
        request.event("cost_code.upserted", f"cost_code/{code_id}", data, code.get("updated_at"))


def export_standard_codes(request):
    """Codes of the company's standard list."""
    codes = rows(request.data, "request_data")
    by_id = {text(code.get("id")): text(code.get("full_code")) for code in codes}
    for position, code in enumerate(codes):
        path = f"request_data[{position}]"
        code_id = STANDARD + required(code.get("id"), f"{path}.id")
        data = {
            "external_id": code_id,
            "code": required(code.get("full_code"), f"{path}.full_code"),
            "name": required(code.get("name"), f"{path}.name"),
            **given(parent_code=by_id.get(text(code.get("parent_id")))),
        }
        request.event("cost_code.upserted", f"cost_code/{code_id}", data)


def link_job(request):
    """A project that was made at Procore from a job of ours."""
    project = request.part("project")
    job_id = required(project.get("id"), "project.id")
    request.record("linked", "job", job_id, project.get("origin_id"))


def link_sub_job(request):
    """A sub job that was made at Procore from one of ours."""
    sub_job = request.part("sub_job")
    job_id = SUB_JOB + required(sub_job.get("id"), "sub_job.id")
    request.record("linked", "job", job_id, sub_job.get("origin_id"))


def reset_job(request):
    """Procore forgets that the project is linked."""
    project = request.part("project")
    job_id = required(project.get("id"), "project.id")
    request.record("unlinked", "job", job_id, project.get("origin_id"), reason=request.name)


def reset_sub_job(request):
    """Procore forgets that the sub job is linked."""
    sub_job = request.part("sub_job")
    job_id = SUB_JOB + required(sub_job.get("id"), "sub_job.id")
    request.record("unlinked", "job", job_id, sub_job.get("origin_id"), reason=request.name)


def remove_rows(request, key, object_name, fact, prefix):
    """Records that Procore deleted or unlinked, one event each."""
    for position, row in enumerate(request.parts(key)):
        own_id = text(row.get("id")) or text(row.get("procore_id"))
        own_id = prefix + required(own_id, f"{key}[{position}].id")
        request.record(fact, object_name, own_id, row.get("origin_id"), reason=request.name)


def export_vendor(request):
    """A vendor. Empty fields are left out, so that they clear nothing here."""
    vendor = request.part("vendor")
    vendor_id = required(vendor.get("id"), "vendor.id")
    register = vendor.get("business_register")
    register = register.get("identifier") if isinstance(register, dict) else None
    flags = ("origin_code", "license_number", "trade_name")
    custom = {name: text(vendor.get(name)) for name in flags if text(vendor.get(name))}
    for name in ("union_member", "non_union_prevailing_wage"):
        if vendor.get(name) is True:
            custom[name] = "true"
    data = {
        "external_id": vendor_id,
        "name": required(vendor.get("name") or vendor.get("company"), "vendor.name"),
        **given(
            vat=text(register),
            email=text(vendor.get("email_address")),
            phone=text(vendor.get("business_phone")) or text(vendor.get("mobile_phone")),
            address=_address(vendor),
            custom=custom or None,
        ),
    }
    if isinstance(vendor.get("is_active"), bool):
        data["active"] = vendor["is_active"]
    request.event("vendor.upserted", f"vendor/{vendor_id}", data, vendor.get("updated_at"))


def merge_vendors(request):
    """Vendors that became one; there may be no source that we know."""
    master = request.part("master_vendor")
    master_id = required(master.get("id"), "master_vendor.id")
    sources = [
        required(row.get("id"), f"source_vendors[{position}].id")
        for position, row in enumerate(request.parts("source_vendors"))
    ]
    data = {
        "master": reference(master_id, master.get("origin_id"), "master_vendor"),
        "sources": [source for source in sources if source != master_id],
    }
    request.event("vendor.merged", f"vendor/{master_id}", data)


def link_vendor(request, fact="linked"):
    """A vendor that people linked to, or unlinked from, a partner of ours."""
    vendor = request.part("vendor")
    vendor_id = required(vendor.get("id"), "vendor.id")
    reason = None if fact == "linked" else request.name
    request.record(fact, "vendor", vendor_id, vendor.get("origin_id"), **given(reason=reason))


def link_vendors(request):
    """Several vendors that people linked at once."""
    for position, vendor in enumerate(request.parts("vendors")):
        vendor_id = required(vendor.get("id"), f"vendors[{position}].id")
        request.record("linked", "vendor", vendor_id, vendor.get("origin_id"))


def _address(row):
    """The address of a job or vendor. Procore's vendors have a country by default, so that
    one alone is no address; its jobs have none at all."""
    parts = {
        "street": text(row.get("address")),
        "city": text(row.get("city")),
        "zip": text(row.get("zip")),
        "state": text(row.get("state_code")),
    }
    if not any(parts.values()):
        return None
    return parts | {"city": parts["city"] or "", "country": text(row.get("country_code")) or ""}
