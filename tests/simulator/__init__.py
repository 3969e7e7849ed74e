"""A construction platform, played from outside: a real HTTP client, no Odoo import."""
