/**
 * References against the source's own, and mappings against the identity of their rows; where all is asked for, also
 * what should keep them so. Where another check of the same
 * validation reads the references, only the mappings are left; they are read with the first piece of an entity.
 */
import {
  checkPieceInput,
  checkPieceOutput,
  type CheckPieceInput,
  type CheckPieceOutput,
} from '../../shared/contracts/validation.ts';
import { checkMappings } from '../../shared/database/validate/check-mappings.ts';
import { checkStructure } from '../../shared/database/validate/check-structure.ts';
import { entityOf } from '../entity-worker.ts';
import { step, type Invocation } from '../step.ts';
import { readsRows } from '../validation-checks.ts';
import { compareRows, requestOf, withPiece, type PieceWork } from '../validation-piece.ts';

const NOTHING_READ = {
  hashMode: null,
  sourceRows: null,
  targetRows: null,
  buckets: null,
  differing: null,
  bytes: null,
};

const isFirst = ({ piece: { selection } }: PieceWork): boolean =>
  'range' in selection ? selection.range.from === null : selection.part === 0;

export const checkRelationships = (input: CheckPieceInput, deps: Invocation): Promise<CheckPieceOutput> =>
  withPiece(input, deps, async (work) => {
    const { sides, loaded, piece } = work;
    const rows = readsRows(requestOf(loaded).type, 'relationships')
      ? await compareRows(work, input, deps)
      : { read: { ...NOTHING_READ, details: null } };
    if ('after' in rows || !isFirst(work) || piece.share !== null) return rows;
    const entity = entityOf(loaded, input.entity);
    const mappings = await checkMappings(sides.target, entity, loaded.operation.operationNo, piece.piece);
    const structure = requestOf(loaded).comprehensive
      ? { structure: await checkStructure(sides.target, entity, loaded.relations.get(input.entity)?.target) }
      : {};
    return { read: { ...rows.read, details: { ...rows.read.details, mappings, ...structure } } };
  });

export const handler = step(
  'CheckRelationships',
  { input: checkPieceInput, output: checkPieceOutput },
  checkRelationships,
  'validation',
);
