/** The owner: a process that works on the entity as often as it is told, and stops itself at the statement it is told. */
import { hostname } from 'node:os';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { workSlice } from '../../../shared/database/engine/slice.ts';
import { beat } from '../../../shared/database/ledger/checkpoints.ts';
import { useHashKey } from '../../../shared/database/ledger/hash-key.ts';
import { openSession } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { addressOf } from '../../support/sides.ts';
import { signalAt } from '../statement-signal.ts';
import type { Outcome, Work } from './protocol.ts';
import { MAP } from './things.ts';

const [sourceUrl, targetUrl] = process.argv.slice(2);
const options = { applicationName: 'portage:sleeper' };
let loaded: Promise<LoadedMap> | undefined;

async function workOn({ operationNo, operationId, checkpointId, fence, point }: Work): Promise<string> {
  const source = await openSession('source', addressOf(sourceUrl ?? ''), options);
  const target = await openSession('target', addressOf(targetUrl ?? ''), options);
  try {
    await useHashKey(target, 'a key that tests share');
    await target.run('SET search_path = public, portage');
    loaded ??= loadMap(source, target, MAP, 'read');
    const { entities } = await loaded;
    await beat(target, checkpointId, 0, hostname());
    signalAt(point);
    await workSlice(
      {
        source,
        target,
        entity: entities.get('things')!,
        map: MAP.name,
        operationNo,
        operationId,
        checkpointId,
        fence,
        slice: 0,
        mode: 'differential',
        fresh: false,
        batchRows: 5,
        timeIsUp: () => false,
        workerOn: () => Promise.resolve(null),
        circle: () => Promise.resolve(null),
        onBatch: () => undefined,
      },
      { slice: 0, from: null, to: null },
    );
    return 'done';
  } catch (error) {
    return error instanceof PortageError ? error.code : String(error);
  } finally {
    signalAt(null);
    await source.end();
    await target.end();
  }
}

process.on('message', (work: Work) => {
  void workOn(work).then((outcome) => process.send?.({ outcome } satisfies Outcome));
});
process.on('disconnect', () => process.exit(0));
