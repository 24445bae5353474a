"""Settings common to development, test and production."""

from datetime import timedelta

from config.settings import ai_chat, environment, logs, services

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
    "corsheaders",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "drf_standardized_errors",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "channels",
    "chanx.ext.channels",
    "accounts",
    "ai_chat",
    "assistants",
    "chat",
    "discussion",
    "system",
]

MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",  # first: even a refusal carries its headers
    "django.middleware.security.SecurityMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "config.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.request_ids.RequestIdMiddleware",
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
CACHES = services.caches()
CHANX = {
    "CAMELIZE": True,
    "ASYNCAPI_TITLE": "CHANX AsyncAPI Documentation",
    "ASYNCAPI_DESCRIPTION": "Websocket schema of Chanx",
}
# A connection to a group that gave no sign of life for so long is that of a process that was killed.
CHAT_PRESENCE_SECONDS = environment.seconds("CHAT_PRESENCE_SECONDS", 60)
# Where pages that open WebSockets may come from; see config/asgi.py.
WEBSOCKET_ALLOW_ALL_ORIGINS = False
CORS_ALLOWED_ORIGINS: list[str] = []
CSRF_TRUSTED_ORIGINS: list[str] = []
# Pages of the allowed origins send their cookies along: tokens live there.
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/(api|ai-chat/api)/"
CORS_EXPOSE_HEADERS = ["X-Request-ID", "Retry-After"]

# =============================================================================
# LOGS
# =============================================================================

LOGGING = logs.logging_config("INFO", as_json=False)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # DEBUG: the end of a request says all
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Who shows it may read /metrics; without one only development shows them.
METRICS_TOKEN = environment.secret("METRICS_TOKEN")

# =============================================================================
# STATIC FILES, LANGUAGE, TIME
# =============================================================================

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Vite names these files by their content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/ai-chat/assets/"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# =============================================================================
# LIMITS
# =============================================================================

# The longest text that is taken anywhere has 20,000 characters.
MAX_BODY_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# =============================================================================
# REST
# =============================================================================

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.CookieJWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "config.parsers.BoundedJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "600/min", "login": "20/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "chanx-native sandbox",
    "DESCRIPTION": "REST addresses of the sandbox. Its WebSockets are described at /asyncapi/docs/.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums"],
    "ENUM_NAME_OVERRIDES": {
        "SpeakerEnum": "ai_chat.models.Message.Role",
        "ValidationErrorEnum": "drf_standardized_errors.openapi_serializers.ValidationErrorEnum.choices",
        "ClientErrorEnum": "drf_standardized_errors.openapi_serializers.ClientErrorEnum.choices",
        "ServerErrorEnum": "drf_standardized_errors.openapi_serializers.ServerErrorEnum.choices",
    },
    # The page's files come from this server.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/icon.svg",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
}
JWT_COOKIES_SECURE = False

# =============================================================================
# TASKS
# =============================================================================

# Where answers and titles are made: "request", or "celery" for workers.
ASSISTANT_TASKS = services.task_place()
# With "request" titles are made beside the request that asks for them; tests wait for them.
TASKS_IN_BACKGROUND = True
CELERY_BROKER_URL = services.broker_url()
CELERY_BROKER_CONNECTION_TIMEOUT = services.BROKER_SECONDS
CELERY_BROKER_TRANSPORT_OPTIONS = services.broker_options()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# A task whose worker dies is lost rather than run twice: its reader can ask for the answer again.
CELERY_TASK_ACKS_LATE = False

# =============================================================================
# AI
# =============================================================================

_model = services.Model()
_model.export()
LLM_SERVER_URL = _model.server_url
LLM_SERVER_URLS = _model.server_urls
OFFLINE_MODEL = _model.offline
OPENAI_API_KEY = _model.api_key
OPENAI_ORG = _model.organization
OPENAI_BASE_URL = _model.base_url
OPENAI_MODEL = _model.name
_ai_chat = ai_chat.load()
LLM_DEFAULT_MODEL = _ai_chat.default_model
LLM_TIMEOUT = _ai_chat.timeout
LLM_MAX_TOKENS = _ai_chat.max_tokens
LLM_TEMPERATURE = _ai_chat.temperature
LLM_ENABLE_TOOLS = _ai_chat.enable_tools
MAX_WEBSOCKETS = _ai_chat.max_websockets
MAX_WEBSOCKETS_PER_USER = _ai_chat.max_websockets_per_user
