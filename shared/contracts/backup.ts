/** The header of a backup file, which comes from outside: its shape is checked before anything is believed. */
import * as z from 'zod';
import type { BackupHeader } from '../domain/backup.ts';

const header = z.looseObject({
  operationId: z.string(),
  takenAt: z.string(),
  source: z.string(),
  target: z.string(),
  targetVersion: z.int(),
  ledgerVersion: z.int(),
  // Compared with the map of today, path by path; an older or newer form of it is a difference like any other.
  map: z.looseObject({
    name: z.string(),
    entities: z.record(z.string(), z.looseObject({ columns: z.record(z.string(), z.unknown()) })),
  }),
  mapHash: z.string(),
  encryption: z.looseObject({ cipher: z.literal('aes-256-gcm'), salt: z.string(), check: z.string() }).nullable(),
  hashKey: z.string(),
  entities: z.array(
    z.looseObject({
      entity: z.string(),
      table: z.string(),
      columns: z.array(z.looseObject({ name: z.string(), type: z.string(), notNull: z.boolean() })),
      encrypted: z.boolean(),
      bases: z.looseObject({
        sourceShape: z.string(),
        targetShape: z.string(),
        sourceProbe: z.string().nullable(),
        targetProbe: z.string().nullable(),
      }),
    }),
  ),
  checkpoints: z.array(z.record(z.string(), z.string().nullable())),
});

/** Null where it is no header of a backup. */
export function backupHeader(value: unknown): BackupHeader | null {
  const parsed = header.safeParse(value);
  return parsed.success ? (parsed.data as unknown as BackupHeader) : null;
}
