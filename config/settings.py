"""Settings of the site, in Django's own order. What differs between machines comes from the
environment, through config/environment.py; docs/operators.md has the table."""

from email.utils import parseaddr
from pathlib import Path

from django.utils.csp import CSP
from django_prose_editor.config import html_tags
from js_asset import static_lazy

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var"), example="/srv/rushes")).absolute()
BIND = env.text("BIND", "127.0.0.1", example="0.0.0.0")
PORT = env.number("PORT", 8000, at_least=1, at_most=65535)
WEB_THREADS = env.number("WEB_THREADS", 4, at_least=1, at_most=64)

# --- Core ---------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", False)
DEMO = env.flag("DEMO", False)
_key_file = DATA_DIR / "secret_key"  # written once by `make demo`
SECRET_KEY = env.text(
    "SECRET_KEY",
    _key_file.read_text().strip() if _key_file.is_file() else None,
    example="$(openssl rand -base64 48)",
)
if len(SECRET_KEY) < 32:
    raise env.BadEnvironment("SECRET_KEY", "is shorter than 32 characters", "$(openssl rand -base64 48)")
FINGERPRINT_KEY = env.text("FINGERPRINT_KEY", example="the SECRET_KEY of the first newsletter") or SECRET_KEY

_site = env.site_url("SITE_URL", f"http://localhost:{PORT}")
SITE_URL = _site.geturl().rstrip("/")
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS",
    [*dict.fromkeys([_site.hostname, "localhost", "127.0.0.1", "[::1]"])],
    example="reviews.example,www.reviews.example",
)
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise env.BadEnvironment("ALLOWED_HOSTS", "'*' would let any host name through", "reviews.example")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "config",
    "config.apps.RushesAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "taggit",
    "django_countries",
    "django_prose_editor",
    "django_tasks_db",
    "people",
    "films",
    "reviews",
    "subscriptions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reviews.page_cache.PageCacheMiddleware",
    "config.middleware.SteadyGZipMiddleware",
    "config.middleware.NamedVersionMiddleware",
    "config.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviews.context.publication",
            ],
        },
    }
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # widgets may have templates in templates/

# --- Data ---------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR}/rushes.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache("CACHE_URL", "memory://")}

# --- Tasks --------------------------------------------------------------------------------------
TASK_ENGINE = env.choice("TASK_ENGINE", "database", ("database", "celery"))
TASK_LEASE_SECONDS = env.number("TASK_LEASE_SECONDS", 600, at_least=10)
TASK_BROKER_URL = env.address(
    "TASK_BROKER_URL",
    "redis://localhost:6379/0",
    ("redis", "rediss"),
    example="redis://broker.example:6379/0",
).geturl()
TASKS = {
    "default": {
        "BACKEND": {
            "database": "django_tasks_db.DatabaseBackend",
            "celery": "config.celery_backend.CeleryBackend",
        }[TASK_ENGINE],
        "QUEUES": ["default", "pictures", "mail"],
    }
}

# --- Staff sign-in ------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"

# --- Mail ---------------------------------------------------------------------------------------
OUTBOX = DATA_DIR / "outbox"
MAILERS = {
    "default": env.mailer("MAIL_URL", "outbox:", OUTBOX),
    "newsletter": env.mailer("NEWSLETTER_MAIL_URL", env.text("MAIL_URL", "outbox:"), OUTBOX),
}
DEFAULT_FROM_EMAIL = env.text(
    "MAIL_FROM",
    f"editors@{_site.hostname}",
    example="Second Reel <editors@reviews.example>",
)
NEWSLETTER_FROM_EMAIL = env.text(
    "NEWSLETTER_FROM",
    DEFAULT_FROM_EMAIL,
    example="Second Reel <letters@reviews.example>",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
NEWSLETTER_LIMITS = {  # of the provider; 0 for none
    "minute": env.number("NEWSLETTER_PER_MINUTE", 0),
    "hour": env.number("NEWSLETTER_PER_HOUR", 0),
    "day": env.number("NEWSLETTER_PER_DAY", 0),
}
NEWSLETTER_CONNECTIONS = env.number("NEWSLETTER_CONNECTIONS", 8, at_least=1, at_most=50)
NEWSLETTER_GRACE_MINUTES = env.number("NEWSLETTER_GRACE_MINUTES", 5, at_most=24 * 60)
BOUNCE_ADDRESS = env.return_address("BOUNCE_ADDRESS")
BOUNCES_ARE_SIGNED = bool(BOUNCE_ADDRESS)  # else reports come to the sender, and say by themselves what they are about
BOUNCE_ADDRESS = BOUNCE_ADDRESS or parseaddr(NEWSLETTER_FROM_EMAIL)[1]
BOUNCE_MAILBOX_URL = env.mailbox("BOUNCE_MAILBOX_URL")
WEBHOOK_PROVIDER, ANYMAIL = env.webhook(
    "NEWSLETTER_WEBHOOK_SECRET",
    "NEWSLETTER_MAIL_URL",
    env.text("NEWSLETTER_MAIL_URL", env.text("MAIL_URL", "outbox:")),
)

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
# Countries that are gone but made films; ISO 3166-3 keeps their former two-letter codes.
COUNTRIES_OVERRIDE = {
    "SU": "Soviet Union",
    "CS": "Czechoslovakia",
    "YU": "Yugoslavia",
    "DD": "East Germany",
    "GB": "UK",
    "US": "USA",
    "KR": "South Korea",
    "RU": "Russia",
    "TW": "Taiwan",
    "IR": "Iran",
    "VN": "Vietnam",
    "CZ": "Czech Republic",
}

# --- Static files and media ---------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static"), example="/srv/rushes/static"))
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
MEDIA_STORAGE = env.choice("MEDIA_STORAGE", "local", ("local", "s3"))
S3_BUCKET = env.text("S3_BUCKET", None if MEDIA_STORAGE == "s3" else "", example="rushes-media")
S3_PUBLIC_URL = env.text(
    "S3_PUBLIC_URL", None if MEDIA_STORAGE == "s3" else "", example="https://media.reviews.example"
).rstrip("/")
_s3_options = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env.text("S3_ENDPOINT_URL", "", example="https://s3.eu-west-1.example") or None,
    "region_name": env.text("S3_REGION", "", example="eu-west-1") or None,
    "access_key": env.text("S3_ACCESS_KEY_ID", "", example="AKIA…") or None,
    "secret_key": env.text("S3_SECRET_ACCESS_KEY", "", example="…") or None,
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if MEDIA_STORAGE == "local"
    else {"BACKEND": "config.s3.PublicS3Storage", "OPTIONS": _s3_options},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "config.storage.StaticStorage"
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # a film form with some hundred credits

# --- Security -----------------------------------------------------------------------------------
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [
    r"^health/",
    r"^letters/leave/",
]  # a mail program that leaves for a reader follows no redirect
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0  # two years
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_pictures = [CSP.SELF, *([f"{S3_PUBLIC_URL}/"] if S3_PUBLIC_URL else [])]
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "img-src": _pictures,
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
ADMIN_CSP = SECURE_CSP | {
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [*_pictures, "data:"],
}

# --- Rich text ----------------------------------------------------------------------------------
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {
        "js": [static_lazy("admin/footnote.js")],
        "extensions": {"Footnote": html_tags(["span"], {"span": ["data-footnote"]})},
    },
    {
        "js": [static_lazy("admin/spoiler.js")],
        "extensions": {
            "Spoiler": html_tags(["span"], {"span": ["data-spoiler"]}),
            "SpoilerBlock": html_tags(["div"], {"div": ["data-spoiler"]}),
        },
    },
]

DJANGO_PROSE_EDITOR_MENU_GROUPS = [  # buttons only: the package's drop-down cannot be reached by keyboard
    {"group": group}
    for group in ("headings", "lists", "nodes -blockType -lists", "marks", "link", "history", "utility")
]

# --- Tags ---------------------------------------------------------------------------------------
TAGGIT_CASE_INSENSITIVE = True
TAGGIT_STRIP_UNICODE_WHEN_SLUGIFYING = True

# --- Logging ------------------------------------------------------------------------------------
_log_level = env.choice("LOG_LEVEL", "WARNING", ("WARNING", "DEBUG", "INFO", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "config.logs.Discreet", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "filters": {"discreet": {"()": "config.logs.DiscreetPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _log_level},
    "loggers": {
        "django": {"handlers": [], "level": _log_level},  # else INFO, two lines for each task
        "django.request": {"filters": ["discreet"]},
    },
}
