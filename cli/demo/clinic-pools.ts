/** Bounded pools of values, the same for the same seed: the rows of the clinic only choose among them. */
import { faker as czech } from '@faker-js/faker/locale/cs_CZ';
import { faker as german } from '@faker-js/faker/locale/de';
import { faker as polish } from '@faker-js/faker/locale/pl';
import { faker as turkish } from '@faker-js/faker/locale/tr';

export interface ClinicPools {
  readonly given: readonly string[];
  readonly family: readonly string[];
  readonly street: readonly string[];
  readonly city: readonly string[];
  readonly company: readonly string[];
  readonly product: readonly string[];
  readonly project: readonly string[];
  readonly specialty: readonly string[];
  readonly remark: readonly string[];
}

/** Enough that neighbours differ, few enough that the arrays are small parameters. */
const POOL = 300;

const SPECIALTIES = [
  'Kardiologie',
  'Augenheilkunde',
  'Orthopädie',
  'Pädiatrie',
  'Neurologie',
  'Hals-Nasen-Ohren',
  'Innere Medizin',
  'Gynäkologie',
];
const REMARKS = [
  '',
  'rückruf erbeten',
  'brings his own X-rays',
  'spóźniony o 10 min',
  '対応済み',
  "says 'next week'",
  'A;B "quoted" \\ backslash',
  'čeká na výsledky',
  '50 % Anzahlung',
  '☎ nach 18 Uhr',
];

/** Pools for `seed`. */
export function clinicPools(seed: number): ClinicPools {
  const people = [german, polish, czech, turkish];
  people.forEach((faker, i) => faker.seed(seed * people.length + i));
  const pool = (make: (faker: typeof german) => string): string[] =>
    Array.from({ length: POOL }, (_, i) => make(people[i % people.length] ?? german));
  return {
    given: pool((faker) => faker.person.firstName()),
    // The old system splits names at the comma.
    family: pool((faker) => faker.person.lastName().replaceAll(',', '')),
    street: pool((faker) => faker.location.street().slice(0, 60)),
    city: pool((faker) => faker.location.city().slice(0, 60)),
    company: pool((faker) => faker.company.name().slice(0, 80)),
    product: pool(() => german.commerce.productName()),
    project: pool(() => german.company.catchPhrase().slice(0, 100)),
    specialty: SPECIALTIES,
    remark: REMARKS,
  };
}
