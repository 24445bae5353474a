"""The login page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from accounts.demo import DEMO_LOGINS, DEMO_PASSWORD


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
