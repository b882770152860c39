from django.db import migrations


def sort_by_code(apps, schema_editor):
    """The column was made before SortKeyField had an order of its own; newer databases have it from the field."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE people_person ALTER COLUMN sort_key TYPE varchar(200) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("people", "0002_alphabet")]

    operations = [migrations.RunPython(sort_by_code, migrations.RunPython.noop)]
