from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0004_reception"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="attended_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When a worker last looked after it, to within a minute.",
                null=True,
            ),
        ),
    ]
