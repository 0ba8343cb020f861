"""Comparisons with the Hub, once a day for each connection at a moment of its own."""

import django.db.models.deletion
import django.utils.timezone
import uuid
import warehouses.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0002_storage'),
        ('warehouses', '0002_history'),
        ('workspace', '0002_pages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('success', 'Success'), ('partial', 'Partial'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('skipped', 'Skipped')], default='queued', max_length=10)),
                ('trigger', models.CharField(choices=[('schedule', 'Schedule'), ('manual', 'Manual'), ('api', 'API'), ('setup', 'Setup')], default='schedule', max_length=10)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(help_text='NULL: nobody works on it right now.', null=True)),
                ('nudged_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When a message for it was last sent.')),
                ('fence', models.IntegerField(default=0, help_text='Fencing token of the worker that holds it.')),
                ('takeovers', models.IntegerField(default=0, help_text='Workers that stopped silently.')),
                ('stalled', models.IntegerField(default=0, help_text='Takeovers since the last commit.')),
                ('cancel_requested', models.BooleanField(default=False)),
                ('waiting_until', models.DateTimeField(null=True)),
                ('waiting_for', models.CharField(blank=True, max_length=40)),
                ('requests', models.IntegerField(default=0)),
                ('waited', models.FloatField(default=0, help_text='Seconds spent waiting for the other side.')),
                ('rows', models.BigIntegerField(default=0, help_text='Objects or rows that were written.')),
                ('counts', models.JSONField(default=dict, help_text='Per collection.')),
                ('notices', models.JSONField(default=list, help_text='Sentences a customer can act on.')),
                ('log', models.JSONField(default=list, help_text='What happened when: pairs of a moment and a sentence.')),
                ('repair', models.BooleanField(default=False, help_text='Write again from the Hub what differs.')),
                ('findings', models.JSONField(default=list, help_text='Per collection: see warehouses.findings.Finding.')),
                ('progress', models.JSONField(default=dict, help_text='How far the last finding has come.')),
            ],
        ),
        migrations.AddField(
            model_name='connection',
            name='compare_at',
            field=models.DateTimeField(default=warehouses.models.a_moment_of_the_next_day, help_text='When every row is compared with the Hub again: once a day.'),
        ),
        migrations.AddIndex(
            model_name='connection',
            index=models.Index(condition=models.Q(('enabled', True)), fields=['compare_at'], name='warehouses_compare_due'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comparisons', to='warehouses.connection'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='started_by',
            field=models.ForeignKey(help_text='NULL: a schedule.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comparison',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='workspace.workspace'),
        ),
        migrations.AddIndex(
            model_name='comparison',
            index=models.Index(fields=['connection', '-queued_at', '-id'], name='warehouses_comparisons'),
        ),
        migrations.AddIndex(
            model_name='comparison',
            index=models.Index(condition=models.Q(('status__in', ['queued', 'running'])), fields=['nudged_at'], name='warehouses_compare_active'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['queued', 'running'])), fields=('connection',), name='one_active_comparison'),
        ),
        migrations.RunSQL(
            "UPDATE warehouses_connection SET compare_at = now() + random() * interval '1 day'", migrations.RunSQL.noop
        ),
    ]
