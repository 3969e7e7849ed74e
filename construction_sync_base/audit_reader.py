"""Reads the audit's tables for the sealer and the verifier, with a bare cursor: the
command line verifies a database without loading Odoo's registry on it.

The database compares the rows with their hashes itself, which is many times faster than
fetching them; `recompute` fetches and hashes them here, for whoever does not want to
trust the server's arithmetic.
"""

from .lib import audit_verdict, sealing

# The row as `lib.sealing.leaf` hashes it: JSON, its keys in alphabetical order. Put together by
# hand, which takes half the time of row_to_json.
ROW_HASH = f"""
    sha256(convert_to(
        '{{"action":' || to_json(a.action) || ',"actor_id":' || a.actor_id
        || ',"at":' || left(to_json(a.at)::text, -1) || 'Z","company_id":'
        || COALESCE(a.company_id::text, 'null')
        || ',"event_id":' || COALESCE(a.event_id::text, 'null') || ',"id":' || a.id
        || ',"model":' || to_json(a.model) || ',"res_id":' || COALESCE(a.res_id::text, 'null')
        || ',"text_digest":' || COALESCE(to_json(a.text_digest)::text, 'null')
        || ',"v":"{sealing.VERSION}"}}', 'UTF8'))
"""
_ERASURE = """
    EXISTS (SELECT FROM construction_audit e WHERE e.model = 'construction.audit'
               AND e.res_id = a.id AND e.action = 'detail_erased')
"""
# The same cases in the same order as `audit_verdict.compare`. A row that waits and is gone
# has no place in the join: it stands in the second half.
_SUSPECTS = f"""
    SELECT id, kind, chain, number FROM (
        SELECT COALESCE(a.id, l.audit_id) AS id, COALESCE(l.chain, a.company_id, 0) AS chain,
               l.number, CASE
            WHEN a.id IS NULL THEN 'deleted'
            WHEN l.audit_id IS NULL AND NOT EXISTS (
                 SELECT FROM construction_audit_unsealed u WHERE u.audit_id = a.id) THEN 'forged'
            WHEN l.audit_id IS NOT NULL AND l.hash IS DISTINCT FROM {ROW_HASH} THEN 'changed'
            WHEN d.audit_id IS NULL
            THEN CASE WHEN a.text_digest IS NOT NULL THEN 'text' END
            WHEN a.text_digest IS NULL OR (d.salt IS NULL) <> (d.text IS NULL) THEN 'text'
            WHEN d.text IS NULL THEN CASE WHEN NOT {_ERASURE} THEN 'text' END
            WHEN encode(sha256(d.salt || convert_to(d.text, 'UTF8')), 'hex') <> a.text_digest
            THEN 'text' END AS kind
          FROM construction_audit a
          FULL JOIN construction_audit_leaf l ON l.audit_id = a.id
          LEFT JOIN construction_audit_detail d ON d.audit_id = a.id
    ) rows WHERE kind IS NOT NULL
    UNION ALL
    SELECT u.audit_id, 'deleted', 0, NULL FROM construction_audit_unsealed u
     WHERE NOT EXISTS (SELECT FROM construction_audit a WHERE a.id = u.audit_id)
       AND NOT EXISTS (SELECT FROM construction_audit_leaf l WHERE l.audit_id = u.audit_id)
     ORDER BY id
"""
_SEGMENTS = """
    SELECT chain, number, range_agg(int4range(audit_id, audit_id, '[]'))::text, count(*),
           encode(sha256(string_agg(hash, '' ORDER BY audit_id)), 'hex')
      FROM construction_audit_leaf GROUP BY chain, number
"""
_ROWS = f"""
    SELECT COALESCE(a.id, l.audit_id, u.audit_id), COALESCE(l.chain, a.company_id, 0),
           a.id, a.company_id, a.model, a.res_id, a.action, a.actor_id, a.event_id, a.at,
           a.text_digest, l.hash, l.number, u.audit_id IS NOT NULL,
           d.audit_id IS NOT NULL, d.salt, d.text, d.text IS NULL AND {_ERASURE}
      FROM construction_audit a
      FULL JOIN construction_audit_leaf l ON l.audit_id = a.id
      FULL JOIN (SELECT DISTINCT audit_id FROM construction_audit_unsealed) u
           ON u.audit_id = COALESCE(a.id, l.audit_id)
      LEFT JOIN construction_audit_detail d ON d.audit_id = a.id
     ORDER BY 2, l.number, 1
"""
_SEALS = """
    SELECT COALESCE(company_id, 0), number, covers, row_count, root, first_at, last_at, sealed_at,
           previous, retired_through, key_id, hash, signature
      FROM construction_audit_seal
"""
_ALL_SEALS = f"{_SEALS} ORDER BY 1, number"
_ROW = (
    "id", "company_id", "model", "res_id", "action", "actor_id", "event_id", "at", "text_digest",
)  # fmt: skip


def read_head(cr, chain):
    """The last seal of a chain, or None."""
    cr.execute(
        f"{_SEALS} WHERE COALESCE(company_id, 0) = %s ORDER BY number DESC LIMIT 1", (chain,)
    )
    row = cr.fetchone()
    return sealing.Seal(*row) if row else None


def read_seals(cr):
    """{chain: its seals in order}"""
    cr.execute(_ALL_SEALS)
    chains = {}
    for row in cr.fetchall():
        chains.setdefault(row[0], []).append(sealing.Seal(*row))
    return chains


def read_rows(cr):
    """`RowFacts` of everything there is, ordered by chain, seal and id."""
    cr.execute(_ROWS)
    while rows := cr.fetchmany(5000):
        for number, chain, *values, leaf, seal, waiting, told, salt, text, erasure in rows:
            row = dict(zip(_ROW, values, strict=True)) if values[0] else None
            yield audit_verdict.RowFacts(
                number, chain, row, leaf and bytes(leaf), seal, waiting,
                (salt and bytes(salt), text) if told else None, erasure,
            )  # fmt: skip


def verify(cr, publics=None, checkpoints=(), recompute=False):
    """Judge the whole trail of a database.

    :param publics: `sealing.public_keys`; None leaves signatures unchecked
    :param checkpoints: statements of `sealing.read_checkpoint`
    :param recompute: hash every row here instead of in the database
    :return: list of `audit_verdict.Finding`, the first row first
    """
    if recompute:
        suspects, segments = audit_verdict.reduce_rows(read_rows(cr))
    else:
        cr.execute(_SUSPECTS)
        suspects = [audit_verdict.Finding(*row) for row in cr.fetchall()]
        cr.execute(_SEGMENTS)
        segments = {tuple(row[:2]): audit_verdict.Segment(*row[2:]) for row in cr.fetchall()}
    findings = []
    if publics:
        kept, findings = _read_checkpoints(cr, publics)
        checkpoints = [*checkpoints, *kept]
    seals = read_seals(cr)
    chains = {
        *seals, *(chain for chain, _number in segments), *(one.chain for one in suspects),
        *(known["chain"] for known in checkpoints),
    }  # fmt: skip
    for chain in chains:
        findings += audit_verdict.judge(
            chain,
            seals.get(chain, ()),
            {number: segment for (of, number), segment in segments.items() if of == chain},
            [one for one in suspects if one.chain == chain],
            publics,
            checkpoints,
        )
    return sorted(findings, key=lambda one: (one.row, one.kind, one.chain))


def _read_checkpoints(cr, publics):
    """Statements of the checkpoints kept here, and findings about those that were changed."""
    cr.execute("""
        SELECT COALESCE(company_id, 0), seal_number, row_count, statement, signature, public_key
          FROM construction_audit_checkpoint ORDER BY seal_number
    """)
    statements, findings = [], []
    for chain, number, rows, *parts in cr.fetchall():
        try:
            known = sealing.read_checkpoint(sealing.checkpoint_file(*parts), publics)
            same = (known["chain"], known["seal"], known["rows"]) == (chain, number, rows)
        except sealing.SealingError:
            same = False
        if same:
            statements.append(known)
        else:
            findings.append(
                audit_verdict.Finding(audit_verdict.NO_ROW, "checkpoint", chain, number)
            )
    return statements, findings


def count(cr):
    """(rows under a seal, rows that wait, seals)"""
    cr.execute("""
        SELECT (SELECT count(*) FROM construction_audit_leaf),
               (SELECT count(*) FROM construction_audit_unsealed),
               (SELECT count(*) FROM construction_audit_seal)
    """)
    return cr.fetchone()
