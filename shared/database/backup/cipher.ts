/**
 * Encryption of the rows of an entity that has a sensitive column (SEMANTICS 34), a block of rows at a time: keys, hashes
 * and columns that nobody mapped tell something about such a value too, so that nothing of the row stays readable.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Encryption } from '../../domain/backup.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_BYTES = 12;

const deflate = promisify<Buffer, Buffer>(deflateRaw);
const inflate = promisify<Buffer, Buffer>(inflateRaw);

const derived = (secret: string, salt: string, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.from(salt, 'base64'), `portage backup ${use}`, bytes));

const cipherOf = (secret: string, salt: string): Encryption => ({
  cipher: 'aes-256-gcm',
  salt,
  check: derived(secret, salt, 'check', CHECK_BYTES).toString('base64'),
});

/** The key is of this file alone, so that blocks may be numbered instead of drawing a nonce for each. */
export const newEncryption = (secret: string): Encryption => cipherOf(secret, randomBytes(32).toString('base64'));

/** Whether the file was encrypted with this secret. */
export const isKeyOf = (secret: string, { salt, check }: Encryption): boolean => cipherOf(secret, salt).check === check;

const nonceOf = (block: number): Buffer => {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(block), NONCE_BYTES - 8);
  return nonce;
};

export interface BlockCipher {
  /** The text that stands for the rows in the file, base64. */
  seal(block: number, rows: Buffer): Promise<string>;
  /** Null where it is not what was sealed under this number. */
  open(block: number, text: string): Promise<Buffer | null>;
}

export function blockCipher(secret: string, encryption: Encryption): BlockCipher {
  const key = derived(secret, encryption.salt, 'rows', 32);
  return {
    async seal(block, rows) {
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(block), { authTagLength: TAG_BYTES });
      // Afterwards it does not compress.
      const sealed = Buffer.concat([cipher.update(await deflate(rows)), cipher.final()]);
      return Buffer.concat([cipher.getAuthTag(), sealed]).toString('base64');
    },
    async open(block, text) {
      const bytes = Buffer.from(text, 'base64');
      if (bytes.length <= TAG_BYTES) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(block), { authTagLength: TAG_BYTES });
        decipher.setAuthTag(bytes.subarray(0, TAG_BYTES));
        return await inflate(Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]));
      } catch {
        return null;
      }
    },
  };
}
