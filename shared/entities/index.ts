/** The maps that ship with a deployment. With one of them, it is the default of every command. */
import type { EntityMap } from '../domain/entity-map.ts';
import { clinic } from './clinic.ts';

export const shippedMaps: readonly EntityMap[] = [clinic];
