from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('desk', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='publishintent',
            name='followables',
            field=models.JSONField(default=list, help_text='What it could be followed by when it was told, as ids.'),
        ),
    ]
