from django.db import migrations, models

import config.alphabet


def sort_people_by_code(apps, schema_editor):
    """The column of people's sort keys was made before SortKeyField had an order of its own."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE people_person ALTER COLUMN sort_key TYPE varchar(200) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("films", "0004_refile"), ("people", "0002_alphabet")]

    operations = [
        migrations.AddField(
            model_name="film",
            name="filed_as",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Only if the A to Z has it in the wrong place: the words to file it under, for example “Mucklas”. "
                "Left empty, it is the title without its article.",
                max_length=300,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="film",
            name="sort_title",
            field=config.alphabet.SortedField(blank=True, editable=False, max_length=300),
        ),
        migrations.RunPython(sort_people_by_code, migrations.RunPython.noop),
    ]
