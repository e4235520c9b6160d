/** `differential-migration set-aside`: the list, and the decision to ignore. Another look at the rows is a migration of its own. */
import { ignoreRows } from '../../../shared/database/engine/ignored.ts';
import { canonicalKeys } from '../../../shared/database/engine/legacy-keys.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import {
  asideCounts,
  asideKinds,
  asidePage,
  type AsideFilter,
  type AsideKind,
  type AsideRow,
} from '../../../shared/database/inspect/aside-list.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { entityIds } from '../../../shared/database/ledger/entities.ts';
import type { Session } from '../../../shared/database/session.ts';
import { NULL_KEY } from '../../../shared/database/sql/aside.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { quoteIdentifier } from '../../../shared/domain/identifiers.ts';
import type { LegacyKey } from '../../../shared/domain/legacy-key.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { Invocation } from '../../step.ts';
import { csvLine } from '../../csv.ts';
import { put, writeOutput } from '../../output-file.ts';

export interface SetAsideRequest {
  readonly entity: 'all' | readonly string[];
  readonly retry?: boolean;
  readonly ignore?: readonly LegacyKey[];
  readonly reason?: string;
  readonly output?: string;
}

/** An answer is a state: so many rows fit, and a person reads no more. */
const SHOWN = 200;
const PAGE = 2000;

interface List {
  readonly rows: readonly AsideRow[];
  readonly open: number;
  readonly ignored: number;
  readonly kinds?: readonly AsideKind[];
  readonly output?: string;
}
interface Ignored {
  readonly entity: string;
  readonly ignoredNow: readonly string[];
  readonly reason: string;
  readonly notListed: readonly string[];
}

export async function setAside(request: SetAsideRequest, deps: Invocation): Promise<List | Ignored> {
  if (request.retry === true)
    throw new PortageError('SYS002', 'another look at rows set aside is a migration', {
      got: 'the state machine operation',
      expected: 'the state machine migration, with the same input',
    });
  const map = await deps.configuredMap();
  if (request.ignore !== undefined) return ignore(map, request, request.ignore, deps);
  return deps.withTarget('set-aside', async (target) => {
    const hasLedger = (await ledgerVersion(target)) > 0;
    const known = new Set([
      ...Object.keys(map.entities),
      ...(hasLedger ? (await entityIds(target, map.name)).keys() : []),
    ]);
    const filter = { mapName: map.name, entities: selectEntities(request.entity, [...known]) };
    if (!hasLedger) return { rows: [], open: 0, ignored: 0 };
    const { output } = request;
    const written =
      output === undefined
        ? {}
        : {
            output: await writeOutput(output, (file) =>
              (output.endsWith('.csv') ? csvPages : jsonPages)(target, filter, (text) => put(file, text)),
            ),
          };
    const counts = await asideCounts(target, filter);
    const kinds = counts.open > SHOWN ? { kinds: await asideKinds(target, filter) } : {};
    return { rows: await asidePage(target, filter, SHOWN), ...counts, ...kinds, ...written };
  });
}

async function* pages(target: Session, filter: AsideFilter): AsyncGenerator<readonly AsideRow[]> {
  for (let page = await asidePage(target, filter, PAGE); page.length > 0;) {
    yield page;
    page = await asidePage(target, filter, PAGE, page.at(-1) ?? null);
  }
}

type Put = (text: string) => Promise<void>;

async function csvPages(target: Session, filter: AsideFilter, write: Put): Promise<void> {
  await write(
    csvLine(['entity', 'legacy_id', 'code', 'column', 'reason', 'state', 'ignored_reason', 'operation', 'last_seen']),
  );
  for await (const page of pages(target, filter))
    await write(
      page
        .map((row) =>
          csvLine([
            row.entity,
            row.legacyId,
            row.code,
            row.column,
            row.reason,
            row.state,
            row.ignoredReason,
            row.operationId,
            row.lastSeen,
          ]),
        )
        .join(''),
    );
}

async function jsonPages(target: Session, filter: AsideFilter, write: Put): Promise<void> {
  let before = '[';
  for await (const page of pages(target, filter))
    for (const row of page) {
      await write(`${before}\n  ${JSON.stringify(row)}`);
      before = ',';
    }
  await write(before === '[' ? '[]\n' : '\n]\n');
}

async function ignore(
  map: EntityMap,
  request: SetAsideRequest,
  keys: readonly LegacyKey[],
  deps: Invocation,
): Promise<Ignored> {
  const [name = ''] = selectEntities(request.entity, Object.keys(map.entities));
  const reason = request.reason ?? '';
  return deps.withSides('set-aside', [], async (sides) => {
    const unknown = { entity: name, ignoredNow: [], reason, notListed: keys.map(textOf) };
    if ((await ledgerVersion(sides.target)) === 0) return unknown;
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    const entity = loaded.entities.get(name);
    if (typeof entity?.entityId !== 'number') return unknown;
    await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
    // What stands for the rows without a key is no key.
    const named = keys.filter((key) => key !== NULL_KEY);
    const canonical = [
      ...(named.length < keys.length ? [NULL_KEY] : []),
      ...(named.length === 0 ? [] : await canonicalKeys(sides.source, loaded, name, named)),
    ];
    const notListed = await ignoreRows(sides, entity, canonical, reason);
    return { entity: name, ignoredNow: canonical.filter((key) => !notListed.includes(key)), reason, notListed };
  });
}

const textOf = (key: LegacyKey): string => (typeof key === 'object' ? JSON.stringify(key) : String(key));
