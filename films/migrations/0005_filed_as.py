from django.db import migrations, models

import config.alphabet


class Migration(migrations.Migration):
    dependencies = [("films", "0004_refile")]

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
    ]
