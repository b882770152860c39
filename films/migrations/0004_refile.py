from django.db import migrations

from films.filing import sort_title_from


def refile(apps, schema_editor):
    """File every title by the rules of its own language, as they are when this runs: they have one place in the code."""
    films = apps.get_model("films", "Film").objects.using(schema_editor.connection.alias)
    columns = ("sort_title", "pk", "title", "original_language", "original_title")
    filed = ((sort_title_from(*words), pk, old) for old, pk, *words in films.order_by("pk").values_list(*columns))
    moved = [(new, pk) for new, pk, old in filed if new != old]
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany("UPDATE films_film SET sort_title = %s WHERE id = %s", moved)


class Migration(migrations.Migration):
    dependencies = [("films", "0003_film_titles")]

    operations = [migrations.RunPython(refile, migrations.RunPython.noop)]
