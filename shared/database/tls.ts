/** TLS to both databases: `verify-full` checks the certificate against the RDS roots and the system's, and the host name. */
import { rootCertificates } from 'node:tls';

export type TlsMode = 'disable' | 'require' | 'verify-full';

export async function tlsOptions(mode: TlsMode): Promise<false | { rejectUnauthorized: boolean; ca?: string[] }> {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  const { RDS_ROOTS } = await import('#rds-roots');
  return { rejectUnauthorized: true, ca: [...rootCertificates, ...RDS_ROOTS] };
}
