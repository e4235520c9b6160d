/** `differential-migration init`: a drafted mapping, or the roles to work with. Needs no mapping and writes nothing. */
import { draftMapping, type DraftedMapping } from '../../../shared/database/draft/draft-mapping.ts';
import { roleStatements } from '../../../shared/database/draft/roles.ts';
import type { Invocation } from '../../step.ts';

export interface InitRequest {
  readonly roles: boolean;
}

export const init = ({ roles }: InitRequest, deps: Invocation): Promise<DraftedMapping | { roles: string }> =>
  deps.withSides('init', [], async (sides) => (roles ? { roles: await roleStatements(sides) } : draftMapping(sides)));
