from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons as films credit them: names, dates, portraits. Knows nothing of films."""

    name = "people"
