from itertools import batched

from django.db import migrations, models

import config.alphabet
from config.alphabet import letter_of, sort_key_from


def file_people(apps, schema_editor):
    people = apps.get_model("people", "Person").objects.using(schema_editor.connection.alias)
    for batch in batched(people.only("pk", "sort_name").order_by("pk").iterator(chunk_size=1000), 1000, strict=False):
        for person in batch:
            person.sort_key = sort_key_from(person.sort_name)[:200]
            person.letter = letter_of(person.sort_key)
        people.bulk_update(batch, ["sort_key", "letter"])


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="letter",
            field=config.alphabet.LetterField(default=0, editable=False, of="sort_name"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="person",
            name="sort_key",
            field=config.alphabet.SortKeyField(default="", editable=False, max_length=200, of="sort_name"),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["letter", "sort_key", "id"], name="people_person_alphabet"),
        ),
        migrations.RunPython(file_people, migrations.RunPython.noop),
    ]
