/** Time zones by their IANA names, and what the clock on the wall shows in them. */
import { PortageError } from '../errors.ts';
import { nearestNames } from '../nearest-name.ts';

/** What a clock on the wall shows, to the minute; `epoch` is the same reading as if it were UTC. */
export interface WallTime {
  readonly minute: number;
  readonly hour: number;
  readonly epoch: number;
}

/** The name as the database of time zones writes it. @throws PortageError S004 with the nearest names */
export function knownTimezone(name: string): string {
  const wanted = name.trim();
  const known = Intl.supportedValuesOf('timeZone');
  const listed = [...known, 'UTC'].find((zone) => zone.toLowerCase() === wanted.toLowerCase());
  if (listed !== undefined) return listed;
  // An alias such as Asia/Kolkata is not listed, and is a name all the same; an offset such as +01:00 is none.
  if (/^[a-z_]+\/[a-z0-9_+/-]+$/i.test(wanted) && formatOf(wanted) !== null) return wanted;
  const cities = known.filter((zone) => zone.split('/').at(-1)?.toLowerCase() === wanted.toLowerCase());
  const near = cities.length > 0 ? cities : nearestNames(wanted, known);
  throw new PortageError('S004', `there is no time zone ${wanted}`, {
    got: wanted,
    expected: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'an IANA name, such as Europe/Berlin or UTC',
    where: 'timezone',
  });
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(timezone: string): Intl.DateTimeFormat | null {
  const made = formats.get(timezone);
  if (made !== undefined) return made;
  let format: Intl.DateTimeFormat | null = null;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
    });
  } catch {
    // No such zone.
  }
  formats.set(timezone, format);
  return format;
}

/** What the wall shows at an instant. */
export function wallTime(at: Date, timezone: string): WallTime {
  const parts = formatOf(timezone)?.formatToParts(at) ?? [];
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const [year, month, day, hour, minute] = ['year', 'month', 'day', 'hour', 'minute'].map(of) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { hour, minute, epoch: Date.UTC(year, month - 1, day, hour, minute) };
}
