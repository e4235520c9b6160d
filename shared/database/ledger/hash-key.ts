/** The key of the HMAC that stands for sensitive values: from the environment, else drawn once and kept in the ledger. */
import { createHash, randomBytes } from 'node:crypto';
import type { Session } from '../session.ts';

const BLOCK = 64; // bytes of a SHA-256 block (RFC 2104)
const pad = (key: Buffer, byte: number): string =>
  Buffer.from(Uint8Array.from({ length: BLOCK }, (_, i) => byte ^ (key[i] ?? 0))).toString('hex');

/** Puts the key's two pads into the session's settings, where the generated SQL reads them. */
export async function useHashKey(target: Session, configured: string | null): Promise<void> {
  const text = configured ?? (await keptKey(target));
  const key = Buffer.byteLength(text) > BLOCK ? createHash('sha256').update(text).digest() : Buffer.from(text);
  await target.run("SELECT set_config('portage.hmac_inner', $1, false), set_config('portage.hmac_outer', $2, false)", [
    pad(key, 0x36),
    pad(key, 0x5c),
  ]);
}

async function keptKey(target: Session): Promise<string> {
  const read = () => target.maybeOne<{ value: string }>("SELECT value FROM portage.settings WHERE name = 'hash_key'");
  const kept = await read();
  if (kept) return kept.value;
  await target.run("INSERT INTO portage.settings (name, value) VALUES ('hash_key', $1) ON CONFLICT DO NOTHING", [
    randomBytes(32).toString('base64'),
  ]);
  return (await read())?.value ?? '';
}
