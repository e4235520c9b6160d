-- The old database of the example: a library with integer keys, 0 for "none", dates as text and money as floating point.
CREATE TABLE author_mst (
  author_no integer PRIMARY KEY,
  author_nm varchar(60) NOT NULL
);
CREATE TABLE book_mst (
  book_no integer PRIMARY KEY,
  title text NOT NULL,
  author_no integer NOT NULL REFERENCES author_mst,
  price double precision NOT NULL
);
CREATE TABLE loan (
  loan_no integer PRIMARY KEY,
  book_no integer NOT NULL DEFAULT 0, -- without a foreign key, as usual
  reader varchar(40) NOT NULL,
  lent_dt char(8) NOT NULL
);

INSERT INTO author_mst VALUES (1, 'Selma Lagerlöf'), (2, 'Stanisław Lem'), (3, 'Ursula K. Le Guin');
INSERT INTO book_mst SELECT n, 'Volume ' || n, 1 + n % 3, 9.9 + n FROM generate_series(1, 40) n;
INSERT INTO loan SELECT n, 1 + n % 40, 'reader ' || n % 70, to_char(date '2023-01-01' + n % 300, 'YYYYMMDD') FROM generate_series(1, 500) n;
