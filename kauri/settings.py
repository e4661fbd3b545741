"""Kauri's settings: one file, driven by environment variables, with defaults for one machine.

`manage.py up` writes the addresses of the embedded servers to `var/run/services.json`; a variable
that is given wins over it. `.env.example` lists every variable.
"""

from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from apps.knowledge.unfold import UNFOLD  # noqa: F401 - the theme reads it
from apps.rag.choice import EMBEDDERS, RERANKERS, embedder_fault, reranker_fault
from kauri import env
from kauri.connections import broker_url, database
from kauri.lib.secrets import kept_secret
from kauri.observability import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR / ".env")
KAURI_VAR_DIR = Path(env.text("KAURI_VAR_DIR", str(BASE_DIR / "var"))).resolve()
KAURI_DATA_DIR = Path(env.text("KAURI_DATA_DIR", str(BASE_DIR.parent / "shared" / "data")))  # to measure against
_embedded = env.services(KAURI_VAR_DIR)

# --- What this process is ---
KAURI_ROLE = env.choice("KAURI_ROLE", "all", ("all", "chat", "rag", "knowledge"))
KAURI_VERSION = "0.1.0"
DEBUG = env.flag("KAURI_DEBUG")
SECRET_KEY = env.text("KAURI_SECRET_KEY") or kept_secret(KAURI_VAR_DIR / "secrets", "secret_key")
KAURI_PORT = env.integer("KAURI_PORT", 8000, low=1, high=65535)
KAURI_PUBLIC_URL = env.text("KAURI_PUBLIC_URL", f"http://localhost:{KAURI_PORT}").rstrip("/")
_https = KAURI_PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.words("KAURI_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [KAURI_PUBLIC_URL]

# --- Code ---
INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",  # its default config would put its own site in the place of ours
    "apps.knowledge.admin_app.CurationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "csp",
    "django_prometheus",
    "django_celery_beat",
    "kauri",
    "kauri.lib",
    "apps.accounts",
    "apps.rag",
    "apps.knowledge",
    "apps.chat",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "kauri.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "kauri.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kauri.middleware.LanguageMiddleware",
    "kauri.middleware.ProblemMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "kauri.urls"
ASGI_APPLICATION = "kauri.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# --- Stores ---
# How long a web process that is told to end lets its running answers go on; then they are shown as interrupted.
KAURI_DRAIN_S = env.seconds("KAURI_DRAIN_S", 6, low=0, high=600)
# Far more than the database has connections for: a view that waits for a model or a mail server holds its thread, one
# that is a coroutine too. A stream holds none.
KAURI_REQUEST_THREADS = env.integer("KAURI_REQUEST_THREADS", 512, low=1, high=4096)
KAURI_DB_THREADS = env.integer("KAURI_DB_THREADS", 8, low=1, high=64)
_database_url = env.text("DATABASE_URL") or _embedded.get("database_url", "")
_owner_url = env.text("DATABASE_OWNER_URL") or _embedded.get("database_owner_url", "") or _database_url
# Migrations run as the owner of the tables; everything else as a role that owns nothing.
_is_owner = env.choice("KAURI_DB_ROLE", "app", ("app", "owner")) == "owner"
# manage.py turns the pool off: a command needs one connection, and wants to hear at once of none.
_pool_size = KAURI_DB_THREADS + 8 if env.flag("KAURI_DB_POOL", default=True) else 0
DATABASES = {"default": database(_owner_url if _is_owner else _database_url, pool_size=_pool_size)}
REDIS_STATE_URL = env.text("REDIS_STATE_URL") or _embedded.get("redis_state_url", "redis://127.0.0.1:1/0")
REDIS_CACHE_URL = env.text("REDIS_CACHE_URL") or _embedded.get("redis_cache_url", "redis://127.0.0.1:1/0")
_redis_options = {
    "IGNORE_EXCEPTIONS": True,  # a cache that is away is a cache that is empty
    "SOCKET_CONNECT_TIMEOUT": 0.5,
    # One that hangs is one that is away: a session asks it twice a request, and PostgreSQL has the same answer.
    "SOCKET_TIMEOUT": 0.25,
}
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_CACHE_URL, "OPTIONS": _redis_options},
    "vectors": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "OPTIONS": {**_redis_options, "SERIALIZER": "kauri.lib.plaincache.PlainSerializer"},
        "KEY_FUNCTION": "kauri.lib.plaincache.key_as_given",
        "REVERSE_KEY_FUNCTION": "kauri.lib.plaincache.key_given",
    },
    "state": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_STATE_URL,
        "OPTIONS": _redis_options,
        "KEY_PREFIX": "state",
    },
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
MEDIA_ROOT = KAURI_VAR_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = KAURI_VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "kauri.static.FoundManifestStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
KAURI_UPLOAD_MAX_MB = env.integer("KAURI_UPLOAD_MAX_MB", 60, low=1, high=2000)
FILE_UPLOAD_PERMISSIONS = 0o600

# --- People ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.SessionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.forms.SignupExtra"
# Optional: nobody is locked out by a mail that could not be sent.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Kauri : "
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "state"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("KAURI_BEHIND_PROXY") else None
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # the proxy redirects to https; plain http stays possible on one machine
    "auth.W004",  # e-mails are unique whatever their case, by a constraint that the check does not know
]
EMAIL_BACKEND = "apps.accounts.mail.MailBackend"
EMAIL_URL = env.text("EMAIL_URL")  # smtp://user:password@host:587 or smtps://…; without it, files in var/mail
EMAIL_FILE_PATH = str(KAURI_VAR_DIR / "mail")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Kauri <kauri@localhost>")

# --- Content Security Policy; /admin/ has its own (Unfold's Alpine needs eval) ---
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}
KAURI_ADMIN_CSP = {
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
}

# --- Language and time ---
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = env.text("KAURI_TIME_ZONE", "Africa/Abidjan")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- API ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.auth.SessionWithChallenge"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kauri.problems.drf_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kauri",
    "DESCRIPTION": "Sourced answers on OHADA accounting and business law."
    " The engine for other services has [a page of its own](/v1/rag/docs).",
    "VERSION": KAURI_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Background work (figures: Celery on Redis loses tasks, so the job row is the truth) ---
CELERY_BROKER_URL = broker_url(REDIS_STATE_URL)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_connect_timeout": 2,
    "socket_timeout": 20,
    "retry_on_timeout": True,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env.integer("CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT", 60, low=0, high=600)
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "ingest"
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "knowledge-sweep-jobs": {"task": "apps.knowledge.tasks.sweep_jobs", "schedule": 15.0, "options": {"expires": 30}},
    "lib-forget-old-keys": {"task": "kauri.tasks.forget_old_keys", "schedule": crontab(minute=17)},
}

# --- Engine ---
KAURI_EMBEDDER = env.choice("EMBEDDER", "builtin", EMBEDDERS)
KAURI_EMBEDDER_MODEL = env.text("EMBEDDER_MODEL")
KAURI_EMBEDDER_BASE_URL = env.text("EMBEDDER_BASE_URL")
KAURI_EMBEDDER_API_KEY = env.text("EMBEDDER_API_KEY")
KAURI_EMBEDDER_DIMENSION = env.integer("EMBEDDER_DIMENSION", 1024, low=8, high=4000)  # as far as HNSW over halfvec goes
KAURI_EMBED_BATCH = env.integer("EMBED_BATCH", 10, low=1, high=512)
KAURI_RERANKER = env.choice("RERANKER", "builtin", RERANKERS)
KAURI_RERANKER_MODEL = env.text("RERANKER_MODEL")
KAURI_RERANK_DEADLINE_S = env.seconds("RERANK_DEADLINE_S", 1.0, low=0.01, high=60)
if KAURI_ROLE in {"all", "rag"}:
    env.require_none(
        embedder_fault(KAURI_EMBEDDER, model=KAURI_EMBEDDER_MODEL, base_url=KAURI_EMBEDDER_BASE_URL),
        reranker_fault(KAURI_RERANKER, model=KAURI_RERANKER_MODEL),
    )
KAURI_VECTOR_STORE = env.choice("VECTOR_STORE", "pgvector", ("pgvector", "pinecone"))
KAURI_PINECONE_API_KEY = env.text("PINECONE_API_KEY")
KAURI_PINECONE_INDEX = env.text("PINECONE_INDEX", "kauri-ohada")
KAURI_PINECONE_HOST = env.text("PINECONE_HOST")
if KAURI_VECTOR_STORE == "pinecone" and not KAURI_PINECONE_API_KEY:
    env.require_none("VECTOR_STORE=pinecone needs PINECONE_API_KEY.")
KAURI_INDEX_DIR = KAURI_VAR_DIR / "index"
KAURI_LLM_PROVIDERS = env.providers(
    env.provider("DEEPSEEK", base_url="https://api.deepseek.com/v1", model="deepseek-chat"),
    env.provider("OPENAI", base_url="https://api.openai.com/v1", model="gpt-4o-mini"),
    env.provider("LLM"),
)
KAURI_LLM_CONNECT_TIMEOUT_S = env.seconds("LLM_CONNECT_TIMEOUT_S", 2)
KAURI_LLM_FIRST_TOKEN_TIMEOUT_S = env.seconds("LLM_FIRST_TOKEN_TIMEOUT_S", 6)
KAURI_LLM_GAP_TIMEOUT_S = env.seconds("LLM_GAP_TIMEOUT_S", 15)
KAURI_LLM_TOTAL_TIMEOUT_S = env.seconds("LLM_TOTAL_TIMEOUT_S", 60)
KAURI_RAG_URL = env.engine_url("KAURI_RAG_URL", is_needed=KAURI_ROLE in {"chat", "knowledge"})
KAURI_RAG_SECRET = env.key("KAURI_RAG_SECRET")  # signs what a caller may search; derived from the secret key if empty
KAURI_RAG_CA = env.text("KAURI_RAG_CA")
KAURI_GRPC_HOST = env.text("KAURI_GRPC_HOST", "127.0.0.1")
KAURI_GRPC_PORT = env.integer("KAURI_GRPC_PORT", 50051, low=1, high=65535)
KAURI_GRPC_CERT, KAURI_GRPC_KEY = env.certificate("KAURI_GRPC_CERT", "KAURI_GRPC_KEY")

# --- Traces ---
KAURI_OTLP_ENDPOINT = env.web_url("OTEL_EXPORTER_OTLP_ENDPOINT")

# --- Logs ---
LOGGING = logging_config(level=env.text("KAURI_LOG_LEVEL", "INFO").upper())
