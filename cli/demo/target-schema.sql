-- The clinic's new database: UUID keys, foreign keys, types that mean something. What each column is filled from stands
-- in shared/entities/clinic.ts.

CREATE TYPE sex AS ENUM ('female', 'male', 'other');
CREATE TYPE employee_role AS ENUM ('nurse', 'reception', 'laboratory', 'management');
CREATE TYPE product_group AS ENUM ('drug', 'device', 'supply', 'service');
CREATE TYPE appointment_state AS ENUM ('planned', 'done', 'cancelled', 'missed');
CREATE TYPE order_status AS ENUM ('open', 'billed', 'paid', 'void');

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TABLE offices (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  name         text NOT NULL,
  address      jsonb NOT NULL,
  phone        text CHECK (phone <> ''),
  open_days    smallint[] NOT NULL,              -- ISO: 1 is Monday
  opened_on    date,
  manager_id   uuid                              -- employees (id), below: the two refer to each other
);

CREATE TABLE employees (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  given_name   text NOT NULL,
  family_name  text NOT NULL,
  role         employee_role NOT NULL,
  manager_id   uuid REFERENCES employees (id),
  office_id    uuid NOT NULL REFERENCES offices (id),
  email        text UNIQUE,
  employed     daterange NOT NULL,
  salary_cents bigint NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON employees (manager_id);
CREATE INDEX ON employees (office_id);
ALTER TABLE offices ADD FOREIGN KEY (manager_id) REFERENCES employees (id);
CREATE INDEX ON offices (manager_id);

CREATE TABLE doctors (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  given_name   text NOT NULL,
  family_name  text NOT NULL,
  specialty    text,
  office_id    uuid NOT NULL REFERENCES offices (id),
  license      text UNIQUE,
  fee_cents    integer,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON doctors (office_id);

CREATE TABLE insurers (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  name         text NOT NULL,
  phone        text CHECK (phone <> '')
);

CREATE TABLE suppliers (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  name         text NOT NULL,
  country      char(2) NOT NULL,
  terms        interval
);

CREATE TABLE patients (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  given_name   text NOT NULL,
  family_name  text NOT NULL,
  birth_date   date,
  sex          sex,
  email        text UNIQUE,
  phone        text CHECK (phone <> ''),
  address      jsonb NOT NULL,
  ssn_last4    char(4),
  doctor_id    uuid REFERENCES doctors (id),
  insurer_id   uuid REFERENCES insurers (id),
  referrer_id  uuid REFERENCES patients (id),
  balance_cents bigint NOT NULL,
  owes         boolean GENERATED ALWAYS AS (balance_cents < 0) STORED,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON patients (doctor_id);
CREATE INDEX ON patients (insurer_id);
CREATE INDEX ON patients (referrer_id);

CREATE TABLE products (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  code         text NOT NULL UNIQUE,
  name         text NOT NULL,
  product_group product_group NOT NULL,
  price_cents  integer NOT NULL,
  supplier_id  uuid REFERENCES suppliers (id),
  labels       text[] NOT NULL,
  discontinued_at timestamptz
);
CREATE INDEX ON products (supplier_id);

CREATE TABLE projects (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    integer UNIQUE,
  name         text NOT NULL,
  lead_id      uuid REFERENCES employees (id),
  during       daterange NOT NULL,
  budget_cents bigint
);
CREATE INDEX ON projects (lead_id);

CREATE TABLE project_members (
  project_id   uuid NOT NULL REFERENCES projects (id),
  employee_id  uuid NOT NULL REFERENCES employees (id),
  hours        numeric(9,2) NOT NULL,
  PRIMARY KEY (project_id, employee_id)
);
CREATE INDEX ON project_members (employee_id);

CREATE TABLE contacts (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  origin       text,                             -- which of the two old books; NULL for entries made here
  legacy_id    integer,
  name         text NOT NULL,
  phone        text NOT NULL,
  remark       text,
  UNIQUE (origin, legacy_id)
);

CREATE TABLE appointments (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    bigint UNIQUE,
  patient_id   uuid NOT NULL REFERENCES patients (id),
  doctor_id    uuid NOT NULL REFERENCES doctors (id),
  office_id    uuid NOT NULL REFERENCES offices (id),
  during       tstzrange NOT NULL,
  state        appointment_state NOT NULL,
  note         text CHECK (note <> '')
);
CREATE INDEX ON appointments (patient_id);
CREATE INDEX ON appointments (doctor_id);
CREATE INDEX ON appointments (office_id);

CREATE TABLE orders (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  legacy_id    bigint UNIQUE,
  patient_id   uuid NOT NULL REFERENCES patients (id),
  doctor_id    uuid NOT NULL REFERENCES doctors (id),
  appointment_id uuid REFERENCES appointments (id),
  insurer_id   uuid REFERENCES insurers (id),
  project_id   uuid REFERENCES projects (id),
  ordered_on   date NOT NULL,
  status       order_status NOT NULL,
  total_cents  bigint NOT NULL,
  discount_cents bigint NOT NULL,
  net_cents    bigint GENERATED ALWAYS AS (total_cents - discount_cents) STORED,
  is_rush      boolean NOT NULL,
  memo         text CHECK (memo <> ''),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON orders (patient_id);
CREATE INDEX ON orders (doctor_id);
CREATE INDEX ON orders (appointment_id);
CREATE INDEX ON orders (insurer_id);
CREATE INDEX ON orders (project_id);

CREATE TABLE order_items (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_id     uuid NOT NULL REFERENCES orders (id),
  line         smallint NOT NULL,
  product_id   uuid NOT NULL REFERENCES products (id),
  quantity     numeric NOT NULL,
  price_cents  integer NOT NULL,
  UNIQUE (order_id, line)
);
CREATE INDEX ON order_items (product_id);

CREATE TRIGGER touch BEFORE UPDATE ON employees FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON doctors FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON patients FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
