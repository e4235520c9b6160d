// Secrets Manager behind its protocol (JSON 1.1, the operation in a header): reads, and nothing else.
import { endpoint, fault, type Endpoint } from './endpoint.ts';

/** `secrets`: their texts by ARN; may be changed at any time, as a rotation does. */
export const secretsService = (secrets: ReadonlyMap<string, string>): Promise<Endpoint> =>
  endpoint({
    signedFor: 'secretsmanager',
    name: ({ headers, body }) => {
      const name = /^secretsmanager\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? 'Unknown';
      return `${name} ${(body as { SecretId?: string }).SecretId ?? ''}`.trim();
    },
    error: ({ type, message }) => ({
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: { __type: type, Message: message },
    }),
    answer({ headers, body }) {
      if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
        return fault(400, 'UnknownOperationException', 'no such operation');
      const { SecretId = '' } = body as { SecretId?: string };
      const SecretString = secrets.get(SecretId);
      if (SecretString === undefined)
        return fault(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      return { status: 200, body: { ARN: SecretId, Name: 'database', VersionId: '1', SecretString } };
    },
  });
