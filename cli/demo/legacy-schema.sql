-- The clinic's old database, as such databases are: twenty years old, integer keys, 0 for none, dates as text, money as
-- double precision, padded codes, '' beside NULL, few constraints, and one table for two kinds of things.

CREATE TABLE office_mst (                       -- office 0 is the head office, and as real as the others
  office_no   integer PRIMARY KEY,
  office_nm   varchar(80) NOT NULL,
  street      varchar(80) NOT NULL DEFAULT '',
  zip         char(10),
  city        varchar(60),
  phone_no    varchar(24) NOT NULL DEFAULT '',
  open_days   char(7) NOT NULL,                 -- YYYYYNN: Monday to Sunday
  opened_dt   varchar(10) NOT NULL DEFAULT '',  -- DD.MM.YYYY
  mgr_no      integer NOT NULL DEFAULT 0        -- staff_mst.staff_no; 0: none
);

CREATE TABLE staff_mst (
  staff_no    integer PRIMARY KEY,
  staff_nm    varchar(100) NOT NULL,            -- Last, First
  role_cd     char(4) NOT NULL,
  mgr_no      integer NOT NULL DEFAULT 0,       -- staff_mst.staff_no, also of somebody with a higher number; 0: none
  office_no   integer NOT NULL REFERENCES office_mst,
  email_addr  varchar(120),
  hired_dt    char(8) NOT NULL,                 -- YYYYMMDD
  left_dt     char(8) NOT NULL DEFAULT '00000000',
  salary      double precision NOT NULL,
  upd_ts      timestamp
);

CREATE TABLE doctor_mst (
  doc_no      integer PRIMARY KEY,
  doc_nm      varchar(100) NOT NULL,            -- Dr. First Last
  spec        varchar(40),
  office_no   integer NOT NULL REFERENCES office_mst,
  license_no  char(12),
  fee         double precision,
  upd_ts      timestamp
);

CREATE TABLE partner_mst (                      -- I: insurers, S: suppliers
  partner_no  integer PRIMARY KEY,
  kind        char(1) NOT NULL,
  partner_nm  varchar(100) NOT NULL,
  phone_no    varchar(24) DEFAULT '',
  country     char(2),
  terms_days  integer                           -- suppliers; -1: as agreed
);

CREATE TABLE patient_mst (
  pat_no      integer PRIMARY KEY,
  pat_nm      varchar(100) NOT NULL,            -- Last, First
  birth_dt    char(8) NOT NULL DEFAULT '00000000',
  sex         char(1),
  email_addr  varchar(120),
  phone_no    varchar(24) DEFAULT '',
  street      varchar(80),
  zip         char(10),
  city        varchar(60),
  ssn         char(11),
  doc_no      integer NOT NULL DEFAULT 0,       -- family doctor; 0: none
  ins_no      integer NOT NULL DEFAULT 0,       -- partner_mst of kind I; 0: pays alone
  ref_pat_no  integer NOT NULL DEFAULT 0,       -- the patient who recommended us, also one with a higher number; 0: none
  balance     double precision NOT NULL DEFAULT 0,
  upd_ts      timestamp
);

CREATE TABLE item_mst (
  item_no     integer PRIMARY KEY,              -- 0 is the flat fee
  item_cd     char(12) NOT NULL,
  item_nm     varchar(100) NOT NULL,
  grp         smallint NOT NULL,                -- 1 drug, 2 device, 3 supply, 9 service
  price       double precision NOT NULL,
  supp_no     integer NOT NULL DEFAULT 0,       -- partner_mst of kind S, or a supplier who was deleted long ago
  labels      varchar(120) NOT NULL DEFAULT ''  -- separated by ;
);

CREATE TABLE prj_mst (
  prj_no      integer PRIMARY KEY,
  prj_nm      varchar(120) NOT NULL,
  lead_no     integer REFERENCES staff_mst,
  start_dt    varchar(10) NOT NULL,             -- DD.MM.YYYY
  end_dt      varchar(10) NOT NULL DEFAULT '',
  budget      double precision
);

CREATE TABLE prj_staff (
  prj_no      integer NOT NULL REFERENCES prj_mst,
  staff_no    integer NOT NULL REFERENCES staff_mst,
  hrs         real NOT NULL DEFAULT 0,
  PRIMARY KEY (prj_no, staff_no)
);

CREATE TABLE phone_book (                       -- two of them: the practice that was bought in 2009 had its own
  entry_no    integer PRIMARY KEY,
  who         varchar(100) NOT NULL,
  phone_no    varchar(24) NOT NULL,
  remark      varchar(200)
);

CREATE TABLE tel_list (
  id          integer PRIMARY KEY,              -- overlaps with phone_book, and has numbers below 0
  first_nm    varchar(60),
  last_nm     varchar(60) NOT NULL,
  tel         varchar(24) NOT NULL
);

CREATE TABLE visit_hdr (
  visit_no    bigint PRIMARY KEY,
  pat_no      integer NOT NULL,
  doc_no      integer NOT NULL,
  office_no   integer NOT NULL,
  start_ts    varchar(16) NOT NULL,             -- YYYY-MM-DD HH:MM
  minutes     smallint NOT NULL,
  state       char(1) NOT NULL,
  note        varchar(200) DEFAULT ''
);

CREATE TABLE order_hdr (
  ord_no      bigint PRIMARY KEY,
  pat_no      integer NOT NULL,
  doc_no      integer NOT NULL,
  visit_no    bigint NOT NULL DEFAULT 0,        -- 0: without a visit
  ins_no      integer NOT NULL DEFAULT 0,       -- 0: none
  prj_no      integer,
  ord_dt      char(8) NOT NULL,                 -- YYYYMMDD
  stat_cd     char(2) NOT NULL,
  total       double precision NOT NULL,
  disc        double precision,
  rush        char(1),                          -- Y, N, '' or NULL
  memo        varchar(200),
  upd_ts      timestamp
);

CREATE TABLE order_itm (
  ord_no      bigint NOT NULL,
  line_no     smallint NOT NULL,
  item_no     integer NOT NULL,
  qty         numeric(9,3) NOT NULL,
  price       double precision NOT NULL,
  PRIMARY KEY (ord_no, line_no)
);

CREATE VIEW open_orders AS SELECT ord_no, pat_no, total FROM order_hdr WHERE stat_cd = 'OP';
