from datetime import timedelta

from django.db import migrations, models

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=365)


def mend(apps, schema_editor):
    sources = apps.get_model("sources", "Source").objects
    sources.filter(interval__lt=SHORTEST).update(interval=SHORTEST)
    sources.filter(interval__gt=LONGEST).update(interval=LONGEST)


class Migration(migrations.Migration):
    dependencies = [("sources", "0004_operator")]

    operations = [
        migrations.RunPython(mend, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval__gte", SHORTEST), ("interval__lte", LONGEST)), name="a_sane_interval"
            ),
        ),
    ]
