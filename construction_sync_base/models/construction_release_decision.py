from odoo import models
from odoo.exceptions import UserError


class ConstructionReleaseDecision(models.AbstractModel):
    """What people do at the gate: approve or release, return, take back."""

    _inherit = "construction.release.mixin"

    def action_release(self):
        """Approve the steps that wait for the user; where none is open, release.

        :raises UserError: the document waits for somebody else, or the user submitted it
        """
        self._check_waits()
        for document in self:
            asked = document._release_open_rows()
            if asked:
                asked.with_user(self.env.user)._answer_all("approved")
                document._release_complete()
                continue
            refusal = document._release_refusal()
            if refusal:
                raise UserError(refusal)
            document._release_by(self.env.user)
        return True

    def action_return_dialog(self):
        return self.env["construction.reason"]._ask(self, "return")

    def action_return(self, reason):
        """Give the document back to its sender.

        :raises UserError: no reason, or the document waits for somebody else
        """
        self._check_waits()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it goes back; the sender reads it."))
        for document in self:
            asked = document._release_open_rows()
            if asked:
                asked.with_user(self.env.user)._answer_all("rejected", reason)
            else:
                refusal = document._release_refusal()
                if refusal:
                    raise UserError(refusal)
            document._release_give_back(reason)
        return True

    def _release_give_back(self, reason):
        document = self._at_the_gate()
        document._release_withdraw()
        document.write({"release_state": "returned", "release_reason": reason})
        document._release_returned()
        document.message_post(body=self.env._("Returned: %s", reason))
        self.env["construction.audit"].sudo()._record(self, "returned", {"reason": reason})
        self.env["construction.outbox"]._touch("construction.document.returned.v1", self)

    def action_take_back(self):
        """The sender takes back what nobody has released yet.

        :raises UserError: somebody else submitted it
        """
        self._check_waits()
        for document in self:
            if document.release_requested_by_id != self.env.user:
                raise UserError(
                    self.env._(
                        "%(document)s was submitted by %(sender)s, who alone can take it back. "
                        "Return it with a reason instead.",
                        document=document.display_name,
                        sender=document.release_requested_by_id.name,
                    )
                )
        documents = self._at_the_gate()
        documents._release_withdraw()
        documents.write({"release_state": False})
        documents._release_taken_back()
        self.env["construction.audit"].sudo()._record(self, "taken_back")
        return True

    def _check_waits(self):
        self.check_access("read")
        for document in self:
            if document.release_state != "to_release":
                raise UserError(
                    self.env._("%s does not wait for a release.", document.display_name)
                )

    # --------------------------------------------------------------- told
    def _outbound_facts(self, event_type, _detail):
        """What subscribers are told of these (`construction.outbox._tell`)."""
        if event_type != "construction.document.returned.v1":
            return []
        return [
            {
                "type": event_type,
                "subject": f"{document._release_type}/{document.id}",
                "company_id": document.company_id.id,
                "record": document,
                "data": {
                    "category": "approval",
                    "message": document.release_reason or "",
                    "amount": f"{document._release_amount():.2f}",
                },
            }
            for document in self
        ]
