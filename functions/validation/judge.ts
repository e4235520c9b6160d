/** The gate: what the ledger shows to have been read decides what may be said, and match is said only where it is everything. */
import {
  judgeInput,
  judgedOutput,
  plannedValidation,
  type Difference,
  type Finding,
  type JudgeInput,
  type JudgeOutput,
} from '../../shared/contracts/validation.ts';
import { endOperation, mustBeOf, repairOfExecution } from '../../shared/database/ledger/operations.ts';
import { piecesOf } from '../../shared/database/ledger/validation-pieces.ts';
import type { Session } from '../../shared/database/session.ts';
import {
  closeGone,
  forgetOlderFindings,
  publishFindings,
  refuteCheckpoint,
  vindicateCheckpoint,
} from '../../shared/database/validate/publish.ts';
import { countFindings, findingsOf } from '../../shared/database/validate/read-findings.ts';
import { PortageError, isErrorCode } from '../../shared/domain/errors.ts';
import { logger } from '../../shared/log/current.ts';
import type { AnswerElsewhere } from '../../shared/operations/large-answer.ts';
import { circumstancesOf, cutOverOf } from '../cut-over.ts';
import type { LoadedOperation } from '../dependencies.ts';
import { entityOf } from '../entity-worker.ts';
import { fitting } from '../large-answer.ts';
import { isWithinReach } from '../output-file.ts';
import { step, type Invocation } from '../step.ts';
import { probeAnswer } from '../validation-probe.ts';
import { writeValidation } from '../validation-file.ts';
import {
  codesOf,
  coverageOf,
  differenceOf,
  entitiesOf,
  findingsBeside,
  isWhole,
  notesOf,
  verdictOfEntities,
  type Evidence,
} from '../validation-report.ts';

/** Bytes of differences: what a person may want to read, and a function holds. */
const ROOM = 20_000_000;

export async function judge(input: JudgeInput, deps: Invocation): Promise<JudgeOutput> {
  if (input.plan?.probe !== undefined)
    return probeAnswer(plannedValidation.parse(input.request).type, input.plan.probe);
  return deps.withSides(`${input.operationId}:judge`, [], async (sides) => {
    const { target } = sides;
    const loaded = await deps.loadOperation(sides, input.operationId);
    const { operation } = loaded;
    // The service may run this step twice: what this execution has judged is judged again.
    if (!operation.status.startsWith('completed') || operation.execution !== input.execution)
      mustBeOf(operation, input.execution);
    const request = plannedValidation.parse(operation.request);
    const entities = request.entities === 'all' ? [...loaded.entities.keys()] : request.entities;
    const evidence: Evidence = {
      request,
      entities,
      pieces: await piecesOf(target, operation.operationNo),
      counts: await countFindings(target, operation.operationNo),
    };
    const coverage = coverageOf(evidence);
    const judged = entitiesOf(evidence, coverage);
    for (const name of entities) await settleEntity(target, loaded, evidence, coverage, name, judged[name]?.verdict);
    const findings = findingsBeside(evidence);
    const verdict = verdictOfEntities(judged);
    const { mappings, ...listed } = await differencesOf(
      target,
      operation.operationNo,
      request.verbose || (request.output !== undefined && !isWithinReach(request.output)),
    );
    const found = verdict === 'mismatch' || findings.length > 0;
    const stopped = operation.stopRequested || coverage.holes.some(({ code }) => code === 'M013');
    const status = stopped
      ? 'stopped'
      : found
        ? 'completed_with_findings'
        : coverage.holes.length > 0
          ? 'failed'
          : 'completed';
    const repair = request.fixReferences ? await repairOfExecution(target, input.execution) : null;
    const around =
      request.output === undefined && request.cutOver === undefined
        ? undefined
        : await circumstancesOf(sides, loaded, deps.now());
    const cutOver =
      request.cutOver === undefined || around === undefined
        ? undefined
        : await cutOverOf(
            sides,
            loaded,
            request.cutOver,
            around,
            { verdict, entities: judged, findings, coverage },
            deps.config.leaseSeconds,
          );
    const answer: JudgeOutput = {
      operationId: operation.operationId,
      batchId: operation.batchLabel,
      status,
      type: request.type,
      verdict,
      coverage,
      entities: judged,
      ...listed,
      findings: [...findings, ...mappings],
      codes: codesOf(judged, findings),
      ...(repair === null ? {} : { repair }),
      notes: [...operation.notes, ...notesOf(evidence)],
      ...(around === undefined ? {} : { circumstances: around }),
      ...(cutOver === undefined ? {} : { cutOver }),
    };
    const { differencesOmitted: _, ...withAll } = answer;
    // Where a function cannot write, who asked writes the report, from the answer.
    const output =
      request.output === undefined || !isWithinReach(request.output)
        ? null
        : await writeValidation(request.output, withAll, differencesIn(target, operation.operationNo));
    const hole = coverage.holes.find(({ code }) => code !== null);
    await endOperation(
      target,
      operation.operationId,
      status,
      { verdict, entities: judged },
      status === 'failed' && hole ? { code: hole.code ?? 'SYS008', message: hole.message } : null,
    );
    logVerdict(answer);
    if (request.fail) refuse(answer);
    return { ...answer, ...(output === null ? {} : { output }) };
  });
}

async function settleEntity(
  target: Session,
  { operation, ...loaded }: LoadedOperation,
  evidence: Evidence,
  coverage: JudgeOutput['coverage'],
  name: string,
  verdict: string | undefined,
): Promise<void> {
  const entity = entityOf(loaded, name);
  const { operationNo, operationId } = operation;
  await publishFindings(target, entity, operationNo);
  const full = isWhole(evidence, coverage, name) && ['all', 'data_integrity'].includes(evidence.request.type);
  if (full) {
    await closeGone(target, entity.entityId, operationNo);
    await forgetOlderFindings(target, entity.entityId, operationNo);
  }
  if (verdict === 'mismatch') await refuteCheckpoint(target, entity, operationNo, operationId);
  if (verdict === 'match' && full) await vindicateCheckpoint(target, entity.entityId);
}

/** As many as the answer has room for, and how many it leaves out; mappings by key beside them. */
async function differencesOf(
  target: Session,
  operationNo: number,
  verbose: boolean,
): Promise<Pick<JudgeOutput, 'differences' | 'differencesOmitted'> & { readonly mappings: readonly Finding[] }> {
  if (!verbose) return { mappings: [] };
  const differences: Difference[] = [];
  const mappings: Finding[] = [];
  let room = ROOM;
  let omitted = 0;
  for await (const found of findingsOf(target, operationNo)) {
    const difference = differenceOf(found);
    if (difference === null) {
      const { entity, legacyKey: legacyId, reason: message } = found;
      room -= message.length + 100;
      if (room > 0) mappings.push({ entity, code: 'M004', legacyId, message });
      continue;
    }
    room -= JSON.stringify(difference).length;
    if (room > 0) differences.push(difference);
    else omitted++;
  }
  return { differences, mappings, ...(omitted > 0 ? { differencesOmitted: omitted } : {}) };
}

async function* differencesIn(target: Session, operationNo: number): AsyncGenerator<Difference> {
  for await (const found of findingsOf(target, operationNo)) {
    const difference = differenceOf(found);
    if (difference !== null) yield difference;
  }
}

function logVerdict({ operationId, status, verdict, entities, codes }: JudgeOutput): void {
  const log = logger('validation');
  for (const [entity, each] of Object.entries(entities))
    log.info('validation entity', { operation: operationId, entity, ...each });
  log[verdict === 'match' ? 'info' : 'warn'](`validation ${status.replaceAll('_', ' ')}`, {
    operation: operationId,
    verdict,
    ...(codes.length === 0 ? {} : { code: codes.join(',') }),
  });
}

/** @throws PortageError with the code of what was found, or of what kept it from being read */
function refuse({ verdict, codes, coverage, entities, findings }: JudgeOutput): void {
  const [code] = codes;
  const [hole] = coverage.holes;
  if (code === undefined && hole === undefined) return;
  const worst = code ?? hole?.code ?? 'SYS008';
  const wrong = Object.entries(entities).filter(([, entity]) => entity.verdict !== 'match');
  const said = wrong.map(
    ([name, entity]) =>
      `${name} ${entity.verdict} (missing ${entity.missing}, extra ${entity.extra}, value ${entity.value}, orphan ${entity.orphan}, wrong parent ${entity.wrongParent})`,
  );
  const beside = findings.map((finding) => `${finding.entity}: ${finding.message}`);
  throw new PortageError(isErrorCode(worst) ? worst : 'SYS008', `the validation says ${verdict}`, {
    got: [...said, ...beside, ...coverage.holes.map((each) => `${each.entity} not read: ${each.message}`)]
      .slice(0, 20)
      .join('; '),
    expected: 'match',
    where: wrong.map(([name]) => name).join(', '),
  });
}

/** Thousands of pieces, and whatever differs, are more than a state holds. */
const judged = async (input: JudgeInput, deps: Invocation): Promise<JudgeOutput | AnswerElsewhere> => {
  const answer = await judge(input, deps);
  return fitting(answer, { operationId: answer.operationId, status: answer.status, verdict: answer.verdict });
};

export const handler = step('Judge', { input: judgeInput, output: judgedOutput }, judged, 'validation');
