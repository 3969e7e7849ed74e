from odoo import api, models

# The arithmetic of `lib.bucket`, atomic for every worker of every node. A refused request
# writes nothing. `now` is the database's clock, which all of them share.
_NOW = "COALESCE(%(now)s, extract(epoch FROM clock_timestamp())::float8)"
# What nearly every request needs, in about 0.6 of the time of the other one.
_TAKE = f"""
    UPDATE construction_rate SET full_at = GREATEST(full_at, {_NOW}) + %(cost)s
     WHERE platform_id = %(platform)s AND purpose = %(purpose)s
       AND full_at <= {_NOW} + %(reach)s - %(cost)s AND %(cost)s <= %(reach)s
    RETURNING 1
"""
# Where that took nothing: for the first request, and to know how long a refused one waits.
_TAKE_OR_TELL = f"""
    WITH clock AS MATERIALIZED (
        SELECT {_NOW} AS now
    ), taken AS (
        INSERT INTO construction_rate AS r (platform_id, purpose, full_at)
             SELECT %(platform)s, %(purpose)s, now + %(cost)s FROM clock
              WHERE %(cost)s <= %(reach)s
        ON CONFLICT (platform_id, purpose) DO UPDATE
                SET full_at = GREATEST(r.full_at, EXCLUDED.full_at - %(cost)s) + %(cost)s
              WHERE GREATEST(r.full_at, EXCLUDED.full_at - %(cost)s) + %(cost)s
                    <= EXCLUDED.full_at - %(cost)s + %(reach)s
          RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken),
           (SELECT full_at - now FROM construction_rate, clock
             WHERE platform_id = %(platform)s AND purpose = %(purpose)s)
"""


class ConstructionRate(models.AbstractModel):
    """How fast a platform may send, and people may replay what it sent: token buckets.

    The table is unlogged: a bucket is worth no write to the disk, and after a crash of the
    database it is simply full. So a transaction that does nothing else commits without one.
    """

    _name = "construction.rate"
    _description = "Rate Limit"

    def init(self):
        self.env.cr.execute("DROP TABLE IF EXISTS construction_rate")  # full after an update
        self.env.cr.execute("""
            CREATE UNLOGGED TABLE construction_rate (
                platform_id integer, purpose varchar, full_at double precision NOT NULL,
                PRIMARY KEY (platform_id, purpose)
            ) WITH (fillfactor = 50)
        """)

    @api.model
    def _take(self, platform_id, limit, purpose="request", count=1, now=None):
        """Take tokens, in statements that are their own transactions where the caller has set the
        connection up so.

        :param limit: `lib.bucket.Limit`
        :param purpose: which of the platform's buckets
        :param now: seconds since 1970 in place of the database's clock
        :return: None, or the whole seconds after which the caller may try again
        """
        params = {
            "platform": platform_id,
            "purpose": purpose,
            "cost": count * limit.gap,
            "reach": limit.reach,
            "now": now,
        }
        self.env.cr.execute(_TAKE, params)
        if self.env.cr.fetchone():
            return None
        self.env.cr.execute(_TAKE_OR_TELL, params)
        taken, ahead = self.env.cr.fetchone()
        return None if taken else limit.retry_after(max(ahead or 0, 0), count)

    @api.model
    def _pause(self, platform_id, limit, seconds, purpose):
        """Empty a bucket so that the next token is there in `seconds`, where it is not later
        anyway: what the other side asks for holds for every worker."""
        self.env.cr.execute(
            """
            INSERT INTO construction_rate AS r (platform_id, purpose, full_at)
                 VALUES (%(platform)s, %(purpose)s,
                         extract(epoch FROM clock_timestamp())::float8 + %(ahead)s)
            ON CONFLICT (platform_id, purpose)
                  DO UPDATE SET full_at = GREATEST(r.full_at, EXCLUDED.full_at)
            """,
            {
                "platform": platform_id,
                "purpose": purpose,
                "ahead": seconds + limit.reach - limit.gap,
            },
        )
