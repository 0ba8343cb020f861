from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warehouses", "0008_rewinds")]

    operations = [
        migrations.AlterField(
            model_name="warehousesync",
            name="again",
            field=models.CharField(blank=True, help_text="Trigger of the run that is to follow this one.", max_length=10),
        ),
        migrations.AddField(
            model_name="warehousesync",
            name="again_at",
            field=models.DateTimeField(help_text="When that one may start; NULL: at once.", null=True),
        ),
        migrations.AddField(
            model_name="warehousesync",
            name="attempt",
            field=models.SmallIntegerField(
                default=0, help_text="How many runs before it were cut short by what may pass."
            ),
        ),
    ]
