"""The search: one box over reviews, films, people, writers and tags.

How the index is kept right. Every table whose words are indexed has triggers in the database that note, in the
transaction of a change, which record has to be indexed anew (table search_change). So no way of writing goes
unnoticed: forms, imports, bulk updates, SQL by hand. `index.drain()` takes some notes, indexes those records as
they are now and removes the notes, all in one transaction and under a lock; killed at any moment, it has done all
or nothing, and the notes are still there. It is called by the worker every few seconds, and by a search for the few
records that have changed since the last, so that a reader finds at once what was just published; a search never
waits for a long import, which the worker indexes piece by piece. A rebuild is a note for every record, so it can
be interrupted, and readers search the old index meanwhile.

A trigger knows only the row it stands on and the note it writes. What follows from a change (a person renamed: the
films credited, their reviews) is noted by drain(). So migrations may rebuild any table; after a migration triggers
are set again and everything is noted, for nobody watched meanwhile.

What readers may see is decided when they ask, by Review.objects.published(): the index knows words, not times. It
holds nothing of drafts at all.

    analysis.py     what a word is, on both databases alike    sqlite.py       FTS5
    documents.py    which words a record is found by           postgresql.py   tsvector, no extension needed
    index.py        keeping it right                           finding.py      asking it
"""
