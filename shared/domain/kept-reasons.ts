/** Why a rollback leaves a row as it is. */
export const KEPT_REASONS = ['edited', 'deleted', 'later operation', 'referenced', 'refused', 'occupied'] as const;
export type KeptReason = (typeof KEPT_REASONS)[number];
