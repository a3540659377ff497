from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='publication',
            name='digest_hour',
            field=models.PositiveSmallIntegerField(default=7, help_text="When digests go out, 0 to 23 o'clock in the reader's time zone, unless they chose an hour."),
        ),
        migrations.AddField(
            model_name='publication',
            name='digest_weekday',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=0, help_text='When weekly digests go out, unless the reader chose a day.'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='alerts',
            field=models.BooleanField(db_default=True, default=True, help_text='Every alert reaches them, whatever they follow.'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='digest_due_us',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, help_text='When their next digest is to be planned. 0: to be worked out anew; empty: never.', null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='digest_hour',
            field=models.PositiveSmallIntegerField(blank=True, help_text="Empty: the publication's.", null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='digest_weekday',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], help_text="Empty: the publication's.", null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='digested_us',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, help_text='Until when posts were looked at for their digests.'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='quiet_from',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Empty: no quiet hours.', null=True),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='quiet_until',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='subscriber',
            index=models.Index(condition=models.Q(('digest_due_us__isnull', False)), fields=['digest_due_us', 'id'], name='digests_due'),
        ),
        migrations.AddIndex(
            model_name='subscriber',
            index=models.Index(condition=models.Q(('quiet_from__isnull', False)), fields=['time_zone', 'quiet_from', 'quiet_until'], name='quiet_readers'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.CheckConstraint(condition=models.Q(('digest_hour__isnull', True), ('digest_hour__lte', 23), _connector='OR'), name='digest_hour_of_the_day'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.CheckConstraint(condition=models.Q(('digest_weekday__isnull', True), ('digest_weekday__lte', 6), _connector='OR'), name='digest_day_of_the_week'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__lte', 23), ('quiet_until__lte', 23)), _connector='OR'), name='quiet_hours_begin_and_end'),
        ),
    ]
