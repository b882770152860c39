from collections import defaultdict

from django.db import migrations

from films.filing import sort_title_from


def refile(apps, schema_editor):
    """File the titles whose language nobody has entered by what their films speak, as the rules are when this runs."""
    using = schema_editor.connection.alias
    spoken = defaultdict(list)
    for film, code in apps.get_model("films", "FilmLanguage").objects.using(using).values_list("film", "language"):
        spoken[film].append(code)
    films = (
        apps.get_model("films", "Film").objects.using(using).filter(original_language="", filed_as="").order_by("pk")
    )
    columns = ("sort_title", "pk", "title", "original_title")
    filed = (
        (sort_title_from(title, "", original, spoken[pk]), pk, old)
        for old, pk, title, original in films.values_list(*columns)
    )
    moved = [(new, pk) for new, pk, old in filed if new != old]
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany("UPDATE films_film SET sort_title = %s WHERE id = %s", moved)


class Migration(migrations.Migration):
    dependencies = [("films", "0005_filed_as")]

    operations = [migrations.RunPython(refile, migrations.RunPython.noop)]
