from django.apps import AppConfig


class FilmsConfig(AppConfig):
    """The catalogue: films, credits, stills. Facts, never opinions."""

    name = "films"
