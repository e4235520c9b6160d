/** As many keys as fit into one statement without growing it beyond reason. */
export const MOST_KEYS = 2000;

/** The keys in pages of one statement each. */
export const pagesOf = (keys: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, i) => keys.slice(i * MOST_KEYS, (i + 1) * MOST_KEYS));
