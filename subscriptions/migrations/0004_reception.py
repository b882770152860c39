import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0003_digests_by_review"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reception",
            fields=[
                (
                    "mailing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reception",
                        serialize=False,
                        to="subscriptions.mailing",
                    ),
                ),
                (
                    "recent",
                    models.CharField(
                        blank=True,
                        help_text="The last answers, newest at the end: + taken, - refused for good.",
                        max_length=100,
                    ),
                ),
                (
                    "shut_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when the provider lets nobody in for the time being.",
                        null=True,
                    ),
                ),
            ],
        ),
    ]
