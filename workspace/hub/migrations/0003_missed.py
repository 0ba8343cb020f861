import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0002_storage'),
    ]

    operations = [
        migrations.CreateModel(
            name='Missed',
            fields=[
                ('pk', models.CompositePrimaryKey('collection_id', 'object_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('object_id', models.TextField()),
                ('collection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hub.collection')),
            ],
        ),
        # As with the notes of a read: what a crash empties is noted again by the next read.
        migrations.RunSQL("ALTER TABLE hub_missed SET UNLOGGED", "ALTER TABLE hub_missed SET LOGGED"),
    ]
