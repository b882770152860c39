from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0011_language")]

    operations = [
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["is_featured", "state", "-published_at", "-id"], name="reviews_review_featured"),
        ),
    ]
