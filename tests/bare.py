"""A Django site of one view: what `make bench` measures ours against."""

import os

from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "only-for-the-bench"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "tests.bare"
BIND, PORT, WEB_THREADS = "127.0.0.1", int(os.environ.get("PORT", "8000")), 4

urlpatterns = [path("", lambda request: HttpResponse("<p>Hello</p>" * 200))]
