from odoo import api, models

# The arithmetic of `lib.bucket`, atomic for every worker of every node. A refused request
# writes nothing. `now` is the database's clock, which all of them share.
_TAKE = """
    WITH clock AS MATERIALIZED (
        SELECT COALESCE(%(now)s, extract(epoch FROM clock_timestamp())::float8) AS now
    ), taken AS (
        INSERT INTO construction_rate AS r (platform_id, full_at)
             SELECT %(platform)s, now + %(gap)s FROM clock
        ON CONFLICT (platform_id) DO UPDATE
                SET full_at = GREATEST(r.full_at, EXCLUDED.full_at - %(gap)s) + %(gap)s
              WHERE GREATEST(r.full_at, EXCLUDED.full_at - %(gap)s) + %(gap)s
                    <= EXCLUDED.full_at - %(gap)s + %(reach)s
          RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken),
           (SELECT full_at - now FROM construction_rate, clock WHERE platform_id = %(platform)s)
"""


class ConstructionRate(models.AbstractModel):
    """How fast a platform may send: one token bucket per platform.

    The table is unlogged: a bucket is worth no write to the disk, and after a crash of the
    database it is simply full. So a transaction that does nothing else commits without one.
    """

    _name = "construction.rate"
    _description = "Rate Limit"

    def init(self):
        self.env.cr.execute("""
            CREATE UNLOGGED TABLE IF NOT EXISTS construction_rate (
                platform_id integer PRIMARY KEY, full_at double precision NOT NULL
            ) WITH (fillfactor = 50)
        """)

    @api.model
    def _take(self, platform_id, limit, now=None):
        """Take a token for one request, in a statement that is its own transaction where the
        caller has set the connection up so.

        :param limit: `lib.bucket.Limit`
        :param now: seconds since 1970 in place of the database's clock
        :return: None, or the whole seconds after which the sender may try again
        """
        self.env.cr.execute(
            _TAKE,
            {"platform": platform_id, "gap": limit.gap, "reach": limit.reach, "now": now},
        )
        taken, ahead = self.env.cr.fetchone()
        return None if taken else limit.retry_after(ahead or 0)
