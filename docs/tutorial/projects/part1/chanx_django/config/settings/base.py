import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]

env = environ.Env()
environ.Env.read_env(BASE_DIR.parent / ".env", parse_comments=True)

SECRET_KEY = env.str("SECRET_KEY", "only-for-the-tutorial")
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

INSTALLED_APPS = [
    "daphne",  # first: its runserver serves WebSockets too
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "chanx.channels",
    "chat",
    "assistants",
    "system",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
ROOT_URLCONF = "config.urls"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# =============================================================================
# WEBSOCKETS
# =============================================================================

ASGI_APPLICATION = "config.asgi.application"

REDIS_URL = env.str("REDIS_URL", "").strip()

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": env.str("CHANNEL_LAYER_BACKEND", "").strip() or "chanx.layers.InMemoryChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]} if REDIS_URL else {},
    },
}

CHANX = {
    "ASYNCAPI_TITLE": "The tutorial's WebSockets",
    "ASYNCAPI_DESCRIPTION": "Chat, an assistant and notifications",
}
