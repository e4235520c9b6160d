-- The two sides of the benchmark. Sections are run by test/performance/databases.ts; :rows and :customers are numbers.

-- section: source
CREATE TABLE customers (
  customer_no integer PRIMARY KEY,
  name text NOT NULL,
  joined_on date NOT NULL
);
CREATE TABLE orders (
  order_no integer PRIMARY KEY,
  external_ref text NOT NULL,
  customer_no integer NOT NULL,
  status_cd char(2) NOT NULL,
  channel text NOT NULL,
  total numeric(12, 2) NOT NULL,
  is_rush boolean NOT NULL,
  ordered_on date NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  attributes jsonb NOT NULL,
  note text
);

-- section: source rows
INSERT INTO customers SELECT n, 'Customer ' || n, date '2010-01-01' + n % 4000 FROM generate_series(1, :customers) n;
INSERT INTO orders
  SELECT n, 'ORD-' || substr(md5(n::text), 1, 20), 1 + (n::bigint * 7919 % :customers)::integer, (ARRAY['OP', 'BI', 'PD', 'VO'])[1 + n % 4],
    (ARRAY['web', 'phone', 'store'])[1 + n % 3], (n % 99999) / 7.0, n % 11 = 0, date '2015-01-01' + n % 3650,
    timestamptz '2015-01-01 00:00Z' + n * interval '17 seconds', timestamptz '2015-06-01 00:00Z' + n * interval '17 seconds',
    jsonb_build_object('lines', n % 9, 'gift', n % 5 = 0), CASE WHEN n % 3 = 0 THEN 'Deliver to the back door, order ' || n END
  FROM generate_series(1, :rows) n;

-- section: target
CREATE TABLE customers (
  id uuid PRIMARY KEY,
  legacy_id integer NOT NULL UNIQUE,
  name text NOT NULL,
  joined_on date NOT NULL
);
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  legacy_id integer NOT NULL UNIQUE,
  external_id text NOT NULL UNIQUE,
  customer_id uuid NOT NULL REFERENCES customers,
  status text NOT NULL,
  channel text NOT NULL,
  total numeric(12, 2) NOT NULL,
  is_rush boolean NOT NULL,
  ordered_on date NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  attributes jsonb NOT NULL,
  note text
);
