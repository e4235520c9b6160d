/** What every group of environment variables is read with. An empty variable counts as unset, as in a shell. */
import * as z from 'zod';
import type { Setting } from '../domain/settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigFault {
  readonly variable: string;
  /** What was found, never a secret. */
  readonly got: string;
  readonly expected: string;
}

/** An unset or empty variable is undefined; anything else must fit. */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? undefined : value), schema.optional());

/** Digits only: `Number` would take "1e3", "0x10" and " ". The message is what the reader should have written. */
export function wholeNumber(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\s*\d{1,15}\s*$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected);
}

/** The text of a setting's variable. A number that is no whole one has a point and no exponent. */
export function ofSetting(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'integer':
      return wholeNumber(setting.least, setting.most);
    case 'number': {
      const expected = `a number from ${setting.least} to ${setting.most}`;
      return z
        .string()
        .regex(/^\s*\d{1,15}(\.\d{1,6})?\s*$/, expected)
        .transform(Number)
        .refine((value) => value >= setting.least && value <= setting.most, expected);
    }
    case 'choice':
      return z.enum(setting.choices, `one of ${setting.choices.join(', ')}`);
    case 'text':
      return z.string();
  }
}

/** A connection URL as it may be shown: without its password. */
export function withoutPassword(text: string): string {
  try {
    const url = new URL(text);
    if (url.password !== '') url.password = '***';
    for (const name of url.searchParams.keys()) if (/password/i.test(name)) url.searchParams.set(name, '***');
    return url.href;
  } catch {
    return 'a text that is not a URL';
  }
}
