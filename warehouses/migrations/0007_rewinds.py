from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warehouses", "0006_rows_per_day")]

    operations = [
        migrations.AddField(
            model_name="watermark",
            name="rewinds",
            field=models.IntegerField(default=0, help_text="How often somebody sent it back."),
        )
    ]
