from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warehouses", "0007_operator")]

    operations = [
        migrations.AddField(
            model_name="watermark",
            name="rewinds",
            field=models.IntegerField(default=0, help_text="How often somebody sent it back."),
        )
    ]
