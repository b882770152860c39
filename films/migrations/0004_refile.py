from django.db import migrations

from films.filing import sort_title_from


def refile(apps, schema_editor):
    """File every title by the rules of its own language."""
    films = apps.get_model("films", "Film").objects.using(schema_editor.connection.alias)
    columns = ("pk", "title", "original_title", "original_language", "sort_title")
    moved = []
    for film in films.only(*columns).order_by("pk").iterator(chunk_size=1000):
        filed = sort_title_from(film.title, film.original_language, film.original_title)
        if filed != film.sort_title:
            film.sort_title = filed
            moved.append(film)
    films.bulk_update(moved, ["sort_title"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("films", "0003_film_titles")]

    operations = [migrations.RunPython(refile, migrations.RunPython.noop)]
