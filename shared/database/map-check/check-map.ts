import { PortageError } from '../../domain/errors.ts';
import type { Fault } from '../../domain/map-faults.ts';
export interface CatalogFault extends Fault { severity: 'fault' | 'warning' }
export const checkMap = (..._: unknown[]): Promise<CatalogFault[]> => Promise.resolve([]);
export const faultsError = (f: readonly CatalogFault[]): PortageError => new PortageError('SYS002', JSON.stringify(f));
