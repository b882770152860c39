from django.db import models


class Role(models.TextChoices):
    """What a person did on a film, in the order a page lists it."""

    DIRECTOR = "director", "Director"
    WRITER = "writer", "Writer"
    CINEMATOGRAPHER = "cinematographer", "Cinematographer"
    EDITOR = "editor", "Editor"
    COMPOSER = "composer", "Composer"
    PRODUCER = "producer", "Producer"
    PRODUCTION_DESIGNER = "production_designer", "Production designer"
    COSTUME_DESIGNER = "costume_designer", "Costume designer"
    SOUND = "sound", "Sound"
    SOURCE_AUTHOR = "source_author", "Author of the original work"
    NARRATOR = "narrator", "Narrator"
    ACTOR = "actor", "Actor"


ROLE_ORDER = {role: place for place, role in enumerate(Role.values)}
