from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ConstructionPerson(models.Model):
    """A person as a platform names him, and the Odoo user he is.

    People approve there and here. So that nobody releases here what he submitted there,
    and so that an approval there can count here, the two have to be known as one.
    """

    _name = "construction.person"
    _description = "Platform Person"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "user_id DESC, name"

    platform_id = fields.Many2one(
        "construction.platform", required=True, ondelete="cascade", readonly=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", related="platform_id.company_id", store=True, index=True
    )
    identity = fields.Char(
        required=True,
        readonly=True,
        help="The platform's id of the person, else the e-mail address, else the name.",
    )
    external_id = fields.Char(string="Id at the platform", readonly=True)
    name = fields.Char(required=True, readonly=True)
    email = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Odoo user",
        tracking=True,
        index=True,
        domain="[('share', '=', False)]",
    )

    _identity_unique = models.Constraint(
        "UNIQUE (platform_id, identity)", "This person is listed already."
    )

    @api.constrains("user_id")
    def _check_user(self):
        for person in self:
            if person.user_id.share:
                raise ValidationError(
                    self.env._("%s is a portal user, who approves nothing.", person.user_id.name)
                )

    def write(self, vals):
        result = super().write(vals)
        if "user_id" in vals:
            self.env["construction.audit"].sudo()._record(self, "person_mapped", vals)
        return result

    @api.model
    def _of(self, platform_id, people):
        """{identity: person} for what events say of people; new ones are added, and
        mapped when exactly one internal user has their e-mail address.

        :param people: dicts `{external_id?, name?, email?}` of the contract
        """
        wanted = {}
        for each in people:
            wanted.setdefault(identity_of(each), each)
        rows = self.sudo().search(
            [("platform_id", "=", platform_id), ("identity", "in", list(wanted))]
        )
        found = {row.identity: row for row in rows}
        fresh = [identity for identity in wanted if identity not in found]
        if fresh:
            users = self._users_by_email([wanted[identity].get("email") for identity in fresh])
            rows = self.sudo().create(
                [
                    {
                        "platform_id": platform_id,
                        "identity": identity,
                        "external_id": wanted[identity].get("external_id"),
                        "name": wanted[identity].get("name") or identity.partition(":")[2],
                        "email": wanted[identity].get("email"),
                        "user_id": users.get(_email(wanted[identity])),
                    }
                    for identity in fresh
                ]
            )
            found |= {row.identity: row for row in rows}
        return found

    def _users_by_email(self, emails):
        emails = {email.strip().lower() for email in emails if email}
        if not emails:
            return {}
        users = (
            self.env["res.users"]
            .sudo()
            .search([("email_normalized", "in", list(emails)), ("share", "=", False)])
        )
        found = {}
        for user in users:
            found.setdefault(user.email_normalized, []).append(user.id)
        return {email: ids[0] for email, ids in found.items() if len(ids) == 1}


def identity_of(person):
    """What a person of an event is recognised by: the id, else the address, else the name."""
    if person.get("external_id"):
        return f"id:{person['external_id']}"
    if _email(person):
        return f"email:{_email(person)}"
    return f"name:{(person.get('name') or '').strip()}"


def _email(person):
    return (person.get("email") or "").strip().lower()
