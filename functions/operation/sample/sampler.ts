/** What a `--duration` command is made of: one look, and the answer that the looks so far amount to. */
import type { Invocation } from '../../step.ts';

/** What one look knows of those before it. */
export interface Seen<Sample> {
  /** Seconds since the first look began. */
  readonly at: number;
  readonly samples: readonly Sample[];
  /** As the look before left it. */
  readonly cursor: string | null;
  /** Seconds from look to look. */
  readonly interval: number;
}

export interface Look<Sample> {
  readonly sample: Sample;
  readonly cursor: string | null;
}

export interface Sampler<Request, Sample> {
  look(request: Request, seen: Seen<Sample>, deps: Invocation): Promise<Look<Sample>>;
  /** Without `done` and `seconds`, which every such command answers. */
  answer(samples: readonly Sample[], deps: Invocation): Promise<Readonly<Record<string, unknown>>>;
}
