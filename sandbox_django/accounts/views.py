"""The login and sign-up pages."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.views import LoginView
from django.forms import ModelForm
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.views.generic import CreateView

from accounts.demo import DEMO_LOGINS, DEMO_PASSWORD
from accounts.models import User


class LoginPage(LoginView):
    """Django's login; in development it shows the demo accounts."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds the demo accounts where settings allow it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.DEMO_LOGINS:
            context["demo_logins"] = DEMO_LOGINS
            context["demo_password"] = DEMO_PASSWORD
        return context


class SignUpForm(UserCreationForm):
    """Name and password twice."""

    class Meta:
        """Of the project's own user."""

        model = User
        fields = ["username"]


class SignUpPage(CreateView):
    """Makes an account and logs it in."""

    form_class = SignUpForm
    template_name = "accounts/signup.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: "ModelForm[Any]") -> HttpResponse:
        """Saves the user and starts the session."""
        response = super().form_valid(form)
        login(self.request, self.object)
        return response
