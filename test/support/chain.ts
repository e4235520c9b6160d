// A chain of shops: sales refer to shops, and these to regions; enough sales for several batches and lanes.
import type { EntityMap } from '../../shared/domain/entity-map.ts';

export const CHAIN_SOURCE = `
  CREATE TABLE region (region_no integer PRIMARY KEY, region_nm text);
  CREATE TABLE shop (shop_no integer PRIMARY KEY, shop_nm text, region_no integer);
  CREATE TABLE sale (sale_no integer PRIMARY KEY, shop_no integer, amount integer, slip text);
  INSERT INTO region SELECT n, 'Region ' || n FROM generate_series(1, 3) n;
  INSERT INTO shop SELECT n, 'Shop ' || n, 1 + n % 3 FROM generate_series(1, 20) n;
  INSERT INTO sale SELECT n, 1 + n % 20, n, 'slip ' || n FROM generate_series(1, 6000) n;
  ANALYZE;`;
export const CHAIN_TARGET = `
  CREATE TABLE regions (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text);
  CREATE TABLE shops (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text, region_id uuid NOT NULL REFERENCES regions);
  CREATE TABLE sales (id uuid PRIMARY KEY, legacy_id integer UNIQUE, shop_id uuid NOT NULL REFERENCES shops, amount integer, slip text);`;
export const chain = {
  name: 'chain',
  entities: {
    sales: {
      source: { table: 'public.sale', key: ['sale_no'] },
      target: { table: 'public.sales', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'sale_no', shop_id: { ref: 'shops', from: ['shop_no'] }, amount: 'amount', slip: 'slip' },
    },
    shops: {
      source: { table: 'public.shop', key: ['shop_no'] },
      target: { table: 'public.shops', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'shop_no', name: 'shop_nm', region_id: { ref: 'regions', from: ['region_no'] } },
    },
    regions: {
      source: { table: 'public.region', key: ['region_no'] },
      target: { table: 'public.regions', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'region_no', name: 'region_nm' },
    },
  },
} satisfies EntityMap;
