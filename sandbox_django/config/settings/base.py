"""Settings common to development, test and production."""

from datetime import timedelta

from config.settings import environment, services

env = environment.load()

BASE_DIR = environment.SANDBOX_DIR
DATA_DIR = environment.data_dir()
PORT = environment.port()

DEBUG = False
# Demo accounts with a published password: made by `seed_demo` and shown on the login page.
DEMO_LOGINS = False
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

INSTALLED_APPS = [
    "daphne",  # first: its runserver serves WebSockets
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "channels",
    "chanx.channels",
    "accounts",
    "assistants",
    "chat",
    "system",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "config.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
                "config.context.navigation",
            ],
        },
    },
]

# =============================================================================
# DATABASE, USERS
# =============================================================================

DATABASES = services.databases(env, DATA_DIR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# =============================================================================
# WEBSOCKETS
# =============================================================================

CHANNEL_LAYERS = services.channel_layers()
CHANX = {
    "CAMELIZE": True,
    "ASYNCAPI_TITLE": "CHANX AsyncAPI Documentation",
    "ASYNCAPI_DESCRIPTION": "Websocket schema of Chanx",
}
# Where pages that open WebSockets may come from; see config/asgi.py.
WEBSOCKET_ALLOW_ALL_ORIGINS = False
CORS_ALLOWED_ORIGINS: list[str] = []
CSRF_TRUSTED_ORIGINS: list[str] = []

# =============================================================================
# STATIC FILES, LANGUAGE, TIME
# =============================================================================

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# =============================================================================
# REST
# =============================================================================

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.CookieJWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.pagination.Pages",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "600/min", "login": "20/min"},
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
}
JWT_COOKIES_SECURE = False
# Titles are made beside the request that asks for them; tests wait for them.
TASKS_IN_BACKGROUND = True

# =============================================================================
# AI
# =============================================================================

_model = services.Model()
_model.export()
LLM_SERVER_URL = _model.server_url
OFFLINE_MODEL = _model.offline
OPENAI_API_KEY = _model.api_key
OPENAI_ORG = _model.organization
OPENAI_BASE_URL = _model.base_url
OPENAI_MODEL = _model.name
