"""Login, logout, sign-up, and tokens; `/login` and `/login/` are the same page."""

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from accounts import api
from accounts.views import LoginPage, SignUpPage

urlpatterns = [
    re_path(r"^login/?$", LoginPage.as_view(), name="login"),
    path("signup/", SignUpPage.as_view(), name="signup"),
    path("api/auth/login/", api.LoginView.as_view(), name="api-login"),
    path("api/auth/refresh/", api.RefreshView.as_view(), name="api-refresh"),
    path("api/auth/logout/", api.LogoutView.as_view(), name="api-logout"),
    path("api/auth/me/", api.MeView.as_view(), name="api-me"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
