"""Films, people and credits out of a file, into the catalogue.

A film that is known already only gains what it lacks: nothing an editor wrote is changed, and loading the
same file again changes nothing. Films go in by batches, each in one transaction, so that an interrupted run
leaves complete films only and memory does not grow with the file.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache as once
from itertools import batched

from django.db import DatabaseError, OperationalError, models, transaction
from django.db.models import Q

from config.slugs import free_slugs, slug_from
from films.entries import BadLine, Entry, read_entry
from films.filing import possible_sort_titles, sort_title_from
from films.models import Credit, Film, FilmCountry, FilmLanguage, FilmTitle, Genre, Role
from people.models import Person, PersonName, sort_name_from

BATCH_SIZE = 200
ATTEMPTS = 3
LISTS = (
    (FilmCountry, "countries"),
    (FilmLanguage, "languages"),
    (FilmTitle, "other titles"),
    (Film.genres.through, "genres"),
)
IDENTIFIERS = ("source_id", "imdb_id")  # unique in the table; the first one counts most


@dataclass
class Report:
    """What a run did; counts of what could not be used are in `dropped`."""

    new: int = 0
    completed: int = 0
    unchanged: int = 0
    skipped: int = 0
    dropped: Counter = field(default_factory=Counter)

    def __str__(self):
        return f"{self.new:,} new, {self.completed:,} completed, {self.unchanged:,} unchanged, {self.skipped:,} skipped"


Lines = Iterable[tuple[int, bytes]]
Tell = Callable[[str], object]
Aliases = Callable[[], dict[tuple[str, ...], int]]


def load_films(lines: Lines, report: Report, *, tell: Tell, dry_run: bool = False) -> None:
    """Load the films on the numbered lines. `report` counts what is done as it is done, so it is right even
    if the run is interrupted; `tell` gets a sentence about every line that is skipped or looks odd.

    A dry run writes nothing, and so takes a film that the file has twice, far apart, for new twice."""
    aliases = once(_known_aliases)
    for entries in batched(_readable(lines, report, tell), BATCH_SIZE, strict=False):
        _load(entries, aliases, report, tell, dry_run)


def _known_aliases() -> dict[tuple[str, ...], int]:
    """The one person whom each of the other names on record means, by the folded name. What several are called means
    nobody."""
    found: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for name, person in PersonName.objects.order_by().values_list("name", "person"):
        found[_folded(name)].add(person)
    return {folded: people.pop() for folded, people in found.items() if len(people) == 1}


def _readable(lines: Lines, report: Report, tell: Tell) -> Iterator[Entry]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield read_entry(number, line)
        except BadLine as error:
            report.skipped += 1
            tell(f"line {number:,}: {error}")


def _load(entries: tuple[Entry, ...], aliases: Aliases, report: Report, tell: Tell, dry_run: bool) -> None:
    """One batch; film by film if somebody else's writing got in its way."""
    try:
        _count(_load_together(entries, aliases, dry_run), report, tell)
    except DatabaseError:
        for entry in entries:
            _load_alone(entry, aliases, report, tell, dry_run)


def _load_alone(entry: Entry, aliases: Aliases, report: Report, tell: Tell, dry_run: bool) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _count(_load_together((entry,), aliases, dry_run), report, tell)
            return
        except DatabaseError as error:
            if attempt < ATTEMPTS:
                continue
            if isinstance(error, OperationalError):  # locked, full, gone: no fault of this line
                raise
            report.skipped += 1
            tell(f"line {entry.line:,}: the database refused it ({str(error).splitlines()[0]})")


def _load_together(entries: tuple[Entry, ...], aliases: Aliases, dry_run: bool) -> "Batch":
    if dry_run:
        return Batch(entries, Film.objects.all(), aliases)
    with transaction.atomic():
        batch = Batch(entries, Film.objects.select_for_update(), aliases)
        batch.write()
    return batch


def _count(batch: "Batch", report: Report, tell: Tell) -> None:
    for entry, outcome in zip(batch.entries, batch.outcomes, strict=True):
        setattr(report, outcome, getattr(report, outcome) + 1)
        report.dropped += entry.dropped
        for remark in entry.remarks:
            tell(f"line {entry.line:,}: {remark}")


@dataclass
class Record:
    """A film with what it has already, and what it is to get. A film without a primary key is a new one."""

    film: Film
    roles: set[str] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)
    directors: set[tuple[str, ...]] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    rows: list[models.Model] = field(default_factory=list)
    has: set[str] = field(default_factory=set)

    def may_be(self, entry: Entry) -> bool:
        """Whether a film of the same title and year is the same film: a director in common, or none known to
        either, and no other IMDb id."""
        imdb_id = entry.facts.get("imdb_id")
        if imdb_id and self.film.imdb_id and imdb_id != self.film.imdb_id:
            return False
        directors = {_folded(name) for name in entry.credits.get(Role.DIRECTOR, ())}
        return bool(directors & self.directors) or not (directors or self.directors)


class Batch:
    """Some lines of the file beside what the database knows of their films, people and genres.

    Making one reads and decides; only write() writes. `outcomes` says "new", "completed" or "unchanged" of
    each entry."""

    def __init__(self, entries: tuple[Entry, ...], films: models.QuerySet[Film], aliases: Aliases):
        self.entries = entries
        self.by_id: dict[tuple[str, str], Record] = {}
        self.by_title: dict[tuple, list[Record]] = defaultdict(list)
        self.changed: dict[int, Record] = {}
        self._find_films(films)
        self._find_people(aliases)
        self._find_genres()
        self.outcomes = [self._take(entry) for entry in entries]

    # --- What is known

    def _find_films(self, films: models.QuerySet[Film]) -> None:
        facts = [entry.facts for entry in self.entries]
        known = films.filter(
            Q(source_id__in=[fact["source_id"] for fact in facts if "source_id" in fact])
            | Q(imdb_id__in=[fact["imdb_id"] for fact in facts if "imdb_id" in fact])
            | Q(sort_title__in={filed for fact in facts for filed in possible_sort_titles(fact["title"])})
            | Q(title__in=[fact["title"] for fact in facts])  # filed as an editor says
        )
        records = {film.pk: Record(film) for film in known.order_by("pk")}
        self._find_credits(records)
        for model, name in LISTS:
            for pk in model.objects.filter(film__in=records).order_by().values_list("film_id", flat=True).distinct():
                records[pk].has.add(name)
        for record in records.values():
            self._index(record)

    def _find_credits(self, records: dict[int, Record]) -> None:
        for credit in Credit.objects.filter(film__in=records).select_related("person").order_by("pk"):
            record, name = records[credit.film_id], _composed(credit.person.name)
            record.roles.add(credit.role)
            record.people.setdefault(name, credit.person)
            if credit.role == Role.DIRECTOR:
                record.directors |= {_folded(name), _folded(credit.printed_name)}

    def _index(self, record: Record) -> None:
        for name in IDENTIFIERS:
            if value := getattr(record.film, name):
                self.by_id.setdefault((name, value), record)
        self.by_title[slug_from(record.film.title), record.film.year].append(record)

    def _find_people(self, aliases: Aliases) -> None:
        names = {name for entry in self.entries for names in entry.credits.values() for name in names}
        self.people: dict[str, Person] = {}
        namesakes = Person.objects.filter(name__in=names).order_by(models.F("birth_year").asc(nulls_first=True), "pk")
        for person in namesakes:
            self.people.setdefault(person.name, person)
        known = aliases()
        others = {name: known[_folded(name)] for name in names - self.people.keys() if _folded(name) in known}
        if others:
            found = Person.objects.in_bulk(others.values())
            self.people |= {name: found[pk] for name, pk in others.items() if pk in found}

    def _find_genres(self) -> None:
        names = {name for entry in self.entries for name in entry.genres}
        slugs = {slug_from(name) for name in names}
        self.genres: dict[str, Genre] = {}
        for genre in Genre.objects.filter(Q(name__in=names) | Q(slug__in=slugs)):
            self.genres[genre.name] = self.genres[genre.slug] = genre

    # --- What is to be done

    def _take(self, entry: Entry) -> str:
        """Note what the entry's film gets; how that is called in the report."""
        record = self._record_of(entry)
        if is_new := record is None:
            record = Record(Film(title=entry.facts["title"]))
        before = len(record.filled) + len(record.rows)
        self._fill_facts(record, entry)
        self._fill_lists(record, entry)
        for role, names in entry.credits.items():
            self._fill_role(record, role, names)
        if is_new:
            self._index(record)
        gained = len(record.filled) + len(record.rows) > before
        if is_new or gained:
            self.changed[id(record)] = record
        return "new" if is_new else "completed" if gained else "unchanged"

    def _record_of(self, entry: Entry) -> Record | None:
        for name in IDENTIFIERS:
            if record := self.by_id.get((name, entry.facts.get(name, ""))):
                return record
        namesakes = self.by_title.get((slug_from(entry.facts["title"]), entry.facts.get("year")), ())
        return next((record for record in namesakes if record.may_be(entry)), None)

    def _fill_facts(self, record: Record, entry: Entry) -> None:
        film = record.film
        for name, value in _facts_for(film, entry).items():
            is_taken = name in IDENTIFIERS and (name, value) in self.by_id
            if getattr(film, name) in (None, "") and not is_taken:
                setattr(film, name, value)
                record.filled.add(name)
                if name in IDENTIFIERS:
                    self.by_id[name, value] = record

    def _fill_lists(self, record: Record, entry: Entry) -> None:
        film = record.film
        for name, made in (
            ("countries", [FilmCountry(film=film, country=code) for code in entry.countries]),
            ("languages", [FilmLanguage(film=film, language=code) for code in entry.languages]),
        ):
            if made and name not in record.has:
                record.has.add(name)
                record.rows += _in_order(made)
        if entry.other_titles and "other titles" not in record.has:
            record.has.add("other titles")
            record.rows += [
                FilmTitle(film=film, title=title, language=code)
                for title, code in entry.other_titles.items()
                if title not in (film.title, film.original_title)
            ]
        if entry.genres and "genres" not in record.has:
            record.has.add("genres")
            genres = {id(genre): genre for genre in map(self._genre, entry.genres)}
            record.rows += [Film.genres.through(film=film, genre=genre) for genre in genres.values()]

    def _fill_role(self, record: Record, role: Role, names: list[str]) -> None:
        if role in record.roles:
            return
        record.roles.add(role)
        people: dict[tuple, tuple[Person, str]] = {}  # who is there under two names is credited once
        for name in names:
            person = self._person(record, name)
            people.setdefault((person.pk, person.name), (person, name))
        record.rows += _in_order(
            [
                Credit(film=record.film, person=person, role=role, credited_as=_credited_as(name, person))
                for person, name in people.values()
            ]
        )
        if role == Role.DIRECTOR:
            record.directors |= {_folded(name) for name in names}

    def _person(self, record: Record, name: str) -> Person:
        """Whom a name on this film means: who has it there already, else whom we know by it, else somebody new."""
        if name not in record.people:
            if name not in self.people:
                self.people[name] = Person(name=name, sort_name=sort_name_from(name))
            record.people[name] = self.people[name]
        return record.people[name]

    def _genre(self, name: str) -> Genre:
        slug = slug_from(name)
        if found := self.genres.get(name) or self.genres.get(slug):
            return found
        self.genres[name] = self.genres[slug] = Genre(name=name, slug=slug)
        return self.genres[slug]

    # --- Writing

    def write(self) -> None:
        """Store what was decided; call it in the transaction in which the batch was made."""
        _create(Genre, {id(genre): genre for genre in self.genres.values()}.values())
        _create_addressed(Person, self.people.values())
        known = [record for record in self.changed.values() if record.film.pk]
        for record in self.changed.values():
            if record.film.pk is None:
                film, spoken = record.film, [row.language for row in record.rows if isinstance(row, FilmLanguage)]
                film.sort_title = sort_title_from(film.title, film.original_language, film.original_title, spoken)
        _create_addressed(Film, [record.film for record in self.changed.values()])
        for model in (*(model for model, _name in LISTS), Credit):
            _create(model, [row for record in self.changed.values() for row in record.rows if type(row) is model])
        for record in known:
            record.film.save(update_fields={*record.filled, "changed_at", "sort_title"})


def _create(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Insert those rows that are not stored yet."""
    model.objects.bulk_create([row for row in rows if row.pk is None])


def _create_addressed(model: type[Film] | type[Person], records: Iterable[Film | Person]) -> None:
    new = [record for record in records if record.pk is None]
    for record, slug in zip(new, free_slugs(model, [record.slug_source() for record in new]), strict=True):
        record.slug = slug
    model.objects.bulk_create(new)


def _in_order(rows: list) -> list:
    for position, row in enumerate(rows, 1):
        row.position = position
    return rows


def _facts_for(film: Film, entry: Entry) -> dict[str, str | int]:
    """The entry's facts that can be the film's. Its original title has a language if the film speaks only one."""
    facts = dict(entry.facts)
    original = facts.get("original_title", "")
    if original in ("", film.title) or film.original_title not in ("", original):
        facts.pop("original_title", None)
    elif len(entry.languages) == 1:
        facts["original_language"] = entry.languages[0]
    return facts


def _credited_as(name: str, person: Person) -> str:
    """The name in the credits if it is another than the person's, "" for a mere spelling of it."""
    return "" if _folded(name) == _folded(person.name) else name


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> tuple[str, ...]:
    """A name without accents and order, for telling films apart: Wong Kar-wai is Kar-Wai Wong."""
    return tuple(sorted(slug_from(name).split("-")))
