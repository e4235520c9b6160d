/** How `to_char` writes a moment to the second, for an answer: sessions speak in UTC. */
export const MOMENT = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;
