from django.urls import path

from subscriptions import archive, hooks, views

app_name = "subscriptions"
urlpatterns = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/sent/", views.sent, name="sent"),
    path("subscribe/confirm/<str:token>/", views.confirm, name="confirm"),
    path("letters/leave/<str:token>/", views.leave, name="leave"),
    path("letters/leave/<str:token>", views.leave),  # some mail programs drop the slash, and follow no redirect
    path("letters/mailings/<uuid:identity>/", archive.mailing, name="mailing"),
    path("letters/reports/<slug:provider>/", hooks.report, name="reports"),
    path("letters/<str:token>/", views.preferences, name="letters"),
    path("letters/<str:token>/follow/", views.follow, name="follow"),
    path("letters/<str:token>/unfollow/", views.unfollow, name="unfollow"),
    path("letters/<str:token>/pause/", views.pause, name="pause"),
    path("letters/<str:token>/move/", views.move, name="move"),
    path("letters/<str:token>/download/", views.download, name="download"),
    path("letters/<str:token>/erase/", views.erase, name="erase"),
]
