from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.mixins import UserPassesTestMixin
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView

from system.consumers import EVERYONE, SystemConsumer, user_group
from system.messages import NotificationPayload, NotifyEvent


class NotificationForm(forms.Form):
    text = forms.CharField(max_length=500)
    user = forms.ModelChoiceField(get_user_model().objects.all(), required=False, empty_label="everyone")


class SystemView(TemplateView):
    template_name = "system/index.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(form=NotificationForm(), **kwargs)


class SendView(UserPassesTestMixin, FormView):
    """Sends a notification; for staff only."""

    form_class = NotificationForm
    http_method_names = ["post"]
    template_name = "system/index.html"
    success_url = reverse_lazy("system")

    def test_func(self) -> bool:
        return self.request.user.is_staff

    def form_valid(self, form: NotificationForm) -> HttpResponse:
        user = form.cleaned_data["user"]
        payload = NotificationPayload(text=form.cleaned_data["text"], sender=self.request.user.get_username())
        SystemConsumer.broadcast_event_sync(
            NotifyEvent(payload=payload), [user_group(user.pk) if user else EVERYONE]
        )
        messages.success(self.request, f"Sent to {user or 'everyone'}.")
        return super().form_valid(form)
