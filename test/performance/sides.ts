/** Both sides' addresses and the map, as the command takes them. */
export interface Sides {
  readonly source: string;
  readonly target: string;
  readonly mapFile: string;
}
