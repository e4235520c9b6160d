-- The new database of the example: UUID keys, foreign keys, real dates, exact money. `legacy_id` says which old row a row is.
CREATE TABLE authors (
  id uuid PRIMARY KEY,
  legacy_id integer UNIQUE,
  name text NOT NULL
);
CREATE TABLE books (
  id uuid PRIMARY KEY,
  legacy_id integer UNIQUE,
  title text NOT NULL,
  author_id uuid NOT NULL REFERENCES authors,
  price_cents bigint NOT NULL,
  shelf text
);
CREATE INDEX ON books (author_id);
CREATE TABLE loans (
  id uuid PRIMARY KEY,
  legacy_id integer UNIQUE,
  book_id uuid NOT NULL REFERENCES books,
  reader text NOT NULL,
  lent_on date NOT NULL,
  returned_on date
);
