"""The pages of login. `doors` lie before Wagtail's own and are open to all; `account` is for who is in."""

from django.urls import path

from tocsin.desk.login import views

doors = [
    path("login/", views.Login.as_view()),  # found by Wagtail's name for the same address, wagtailadmin_login
    path("login/code/", views.second_step, name="desk_login_code"),
]
account = [
    path("account/two-step/", views.SwitchOn.as_view(), name="desk_two_step_on"),
    path("account/two-step/off/", views.SwitchOff.as_view(), name="desk_two_step_off"),
]
