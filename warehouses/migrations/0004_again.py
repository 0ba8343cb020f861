"""A sync that was wanted while one worked follows it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('warehouses', '0003_comparisons'),
        ('workspace', '0002_pages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='warehousesync',
            name='again',
            field=models.CharField(blank=True, help_text='Trigger of the run that was asked for while this one worked.', max_length=10),
        ),
        migrations.AddIndex(
            model_name='warehousesync',
            index=models.Index(condition=models.Q(('again', ''), _negated=True), fields=['queued_at'], name='warehouses_sync_again'),
        ),
    ]
