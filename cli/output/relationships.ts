/** References and mappings: what is wrong with each, and what a repair did or would do. */
import type { Paint } from '../io.ts';
import type {
  Relationship,
  RelationshipsAnswer,
} from '../../shared/operations/migration-analyzer/analyze-relationships.ts';
import type { RepairMappingsAnswer } from '../../shared/operations/migration-analyzer/repair-uuid-mappings.ts';
import type { RepairRelationshipsAnswer } from '../../shared/operations/migration-analyzer/repair-relationships.ts';
import type {
  MappingsAnswer,
  MappingState,
} from '../../shared/operations/migration-analyzer/validate-uuid-mappings.ts';
import { commandLine, sentence } from './fit.ts';
import { number, rowsOf, table, type Column } from './table.ts';

const DRY = 'Dry run: nothing was written. This is what would happen.\n';

const count = <Row>(head: string, of: (row: Row) => number, paint: Paint, colour?: 'red' | 'yellow'): Column<Row> => ({
  head,
  align: 'right',
  text: (row) => (colour !== undefined && of(row) > 0 ? paint(colour, number(of(row))) : number(of(row))),
});

const referenceColumns = <Row extends Relationship>(paint: Paint): readonly Column<Row>[] => [
  { head: 'Reference', text: (row) => `${row.entity}.${row.column}` },
  { head: 'To', text: (row) => row.parent },
  {
    head: 'Constraint',
    text: (row) => (row.constraint === 'valid' ? 'valid' : paint('yellow', row.constraint.replace('_', ' '))),
  },
  count<Row>('Set', (row) => row.set, paint),
  count<Row>('Waiting', (row) => row.waiting, paint),
  count<Row>('Orphans', (row) => row.orphan + row.unmappedOrphans, paint, 'red'),
  count<Row>('Wrong parent', (row) => row.wrongParent, paint, 'red'),
  count<Row>('Lost', (row) => row.lost, paint, 'red'),
  count<Row>('Mapping', (row) => row.mapping, paint, 'red'),
  count<Row>('Repairable', (row) => row.repairable, paint),
];

const examplesOf = (relationships: readonly Relationship[]): readonly string[] =>
  relationships.flatMap(({ entity, column, examples }) =>
    examples.map(({ legacyId, reason, is, shouldBe, parentLegacyId }) =>
      sentence(
        `${entity}.${column} ${legacyId ?? ''}: ${[
          reason,
          ...(is === null ? [] : [`is ${is}`]),
          ...(shouldBe === null ? [] : [`should be ${shouldBe}`]),
          ...(parentLegacyId === null ? [] : [`the source says ${parentLegacyId}`]),
        ].join(', ')}`,
        '  ',
      ),
    ),
  );

export function relationshipsText(answer: RelationshipsAnswer, paint: Paint): string {
  const { relationships, broken, notes } = answer;
  const rows = relationships.length === 0 ? '' : table(referenceColumns<Relationship>(paint), relationships, paint);
  const unreadable = Object.entries(answer.unreadable).map(([entity, { rows: bad, keys }]) =>
    sentence(`${entity}: references of ${rowsOf(bad)} cannot be computed in the source: ${keys.join(', ')}`, '  '),
  );
  const sound = paint('green', 'Every reference leads where the source says.\n');
  return [
    rows,
    ...(broken === 0 && unreadable.length === 0 ? [sound] : []),
    ...withLines(examplesOf(relationships)),
    ...unreadable,
    ...notes.map((note) => sentence(note)),
    ...(relationships.some(({ repairable }) => repairable > 0)
      ? [commandLine('Set them right:', 'npx portage migration-analyzer repair-relationships --entity NAME --auto-fix')]
      : []),
  ].join('');
}

/** Lines after a table, with an empty one before them. */
const withLines = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['\n', ...lines, '\n']);

export function repairRelationshipsText(answer: RepairRelationshipsAnswer, paint: Paint): string {
  type Row = RepairRelationshipsAnswer['relationships'][number];
  const columns = [
    ...referenceColumns<Row>(paint),
    ...(answer.dryRun
      ? []
      : [count<Row>('Mended', (row) => row.mended, paint), count<Row>('Refused', (row) => row.refused, paint, 'red')]),
  ];
  return [
    titleOf(answer, paint),
    answer.relationships.length === 0 ? 'Nothing is broken.\n' : table(columns, answer.relationships, paint),
    ...withLines(examplesOf(answer.relationships)),
    ...answer.notes.map((note) => `${note}\n`),
    ...(answer.dryRun && answer.relationships.some(({ repairable }) => repairable > 0)
      ? ['To set them: the same with --auto-fix\n']
      : []),
    ...(!answer.dryRun && answer.left > 0 ? [`${rowsOf(answer.left)} stay as they are: see the reasons.\n`] : []),
  ].join('');
}

const titleOf = (
  { dryRun, operationId, batchId, status }: Pick<RepairMappingsAnswer, 'dryRun' | 'operationId' | 'batchId' | 'status'>,
  paint: Paint,
): string =>
  dryRun
    ? DRY
    : `${paint('bold', `${operationId}${batchId === null ? '' : ` (${batchId})`}: ${status.replaceAll('_', ' ')}`)}\n`;

const mappingColumns = <Row extends MappingState>(paint: Paint): readonly Column<Row>[] => [
  { head: 'Entity', text: (row) => row.entity },
  count<Row>('Rows', (row) => row.rows, paint),
  count<Row>('Mapped', (row) => row.mapped, paint),
  count<Row>('Missing', (row) => row.missing, paint, 'red'),
  count<Row>('Dangling', (row) => row.dangling, paint, 'red'),
  count<Row>('Duplicate', (row) => row.duplicate, paint, 'red'),
  count<Row>('Conflicting', (row) => row.conflicting, paint, 'red'),
  count<Row>('Not derived', (row) => row.notDerived, paint, 'yellow'),
];

const faultsOf = (mappings: readonly MappingState[]): readonly string[] =>
  mappings.flatMap(({ entity, examples }) =>
    examples.map(
      ({ legacyId, reason, is, shouldBe }) =>
        `${entity} ${legacyId}: ${[
          reason,
          ...(is === null ? [] : [`is ${is}`]),
          ...(shouldBe === null ? [] : [`should be ${shouldBe}`]),
        ].join(', ')}\n`,
    ),
  );

export const mappingsText = ({ mappings, faulty, notes }: MappingsAnswer, paint: Paint): string =>
  [
    mappings.length === 0 ? '' : table(mappingColumns<MappingState>(paint), mappings, paint),
    ...(faulty === 0 ? [paint('green', 'Every mapping names its own row.\n')] : []),
    ...withLines(faultsOf(mappings)),
    ...notes.map((note) => `${note}\n`),
    ...(faulty > 0
      ? ['What can be mended: npx portage migration-analyzer repair-uuid-mappings --entity NAME --dry-run\n']
      : []),
  ].join('');

export function repairMappingsText(answer: RepairMappingsAnswer, paint: Paint): string {
  type Row = RepairMappingsAnswer['mappings'][number];
  const columns = [
    ...mappingColumns<Row>(paint),
    count<Row>('Made', (row) => row.made, paint),
    count<Row>('Remapped', (row) => row.remapped, paint),
    count<Row>('Kept', (row) => row.kept, paint, 'yellow'),
  ];
  return [
    titleOf(answer, paint),
    answer.mappings.length === 0 ? '' : table(columns, answer.mappings, paint),
    ...withLines(faultsOf(answer.mappings)),
    ...answer.notes.map((note) => `${note}\n`),
    ...(answer.mappings.some(({ remapped }) => remapped > 0)
      ? [
          'Children may still refer to rows by the old mappings: npx portage migration-analyzer repair-relationships --entity NAME\n',
        ]
      : []),
    ...(answer.mappings.some(({ dangling }) => dangling > 0)
      ? ['Rows that are not there are written by: npx portage differential-migration migrate --mode missing-only\n']
      : []),
  ].join('');
}
