/** An input as its schema reads it; one that the schema refuses is told with every fault at once. */
import { PortageError } from '../shared/domain/errors.ts';

/** What a schema of shared/contracts or of a descriptor offers. */
interface Schema<Output> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Output }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
      };
}

/** Of whom the input is: an execution, which is shown an example, or a step or command, by its name. */
type Whose = { readonly example: string } | { readonly name: string };

/** @throws PortageError SYS002 naming every fault */
export function checkedInput<Output>(schema: Schema<Output>, input: unknown, whose: Whose): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const got = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`).join('; ');
  if ('example' in whose) throw new PortageError('SYS002', 'the input is not valid', { got, expected: whose.example });
  throw new PortageError('SYS002', `the input of ${whose.name} is not valid`, { got, where: whose.name });
}
