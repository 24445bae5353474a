"""The staff's form."""

from typing import Any

from django import forms

from system.messages.notice import MAX_TEXT_LENGTH


class NoticeForm(forms.Form):
    """Whom to tell what."""

    audience = forms.ChoiceField(choices=[("all", "Everyone"), ("user", "One user"), ("group", "A group")])
    target = forms.CharField(required=False, max_length=150, strip=True)
    text = forms.CharField(max_length=MAX_TEXT_LENGTH, strip=True)

    def clean(self) -> dict[str, Any]:
        """A user or group needs a name."""
        data = super().clean() or {}
        if data.get("audience") in ("user", "group") and not data.get("target"):
            self.add_error("target", "Whom? Write the name of the user or group.")
        return data
