"""Login and logout; `/login` and `/login/` are the same page."""

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from accounts.views import LoginPage

urlpatterns = [
    re_path(r"^login/?$", LoginPage.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
