from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0005_attended_at"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="signup",
            options={"ordering": ["-asked_at", "-pk"], "verbose_name": "sign-up"},
        ),
    ]
