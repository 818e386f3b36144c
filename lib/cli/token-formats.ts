import { stringify } from 'yaml';
import type { KnownService } from '../shared/services.js';
import type { MintedToken } from './mint.js';
import { facts, isoTime, untilThen } from './output.js';

/** The variable that holds a service's token: `ORDERS_SERVICE_TOKEN`. */
export function variableOf(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

/** `--format env`: a line of an `.env` file. Without quotes, which not every reader of them takes away; a token needs none. */
export function asEnv({ issued, token }: MintedToken): string {
  return `${variableOf(issued.service)}=${token}`;
}

/** `--format json`. */
export function asJson({ issued, token }: MintedToken): Readonly<Record<string, unknown>> {
  const { issuedAt, expiresAt, ...rest } = issued;
  return {
    ...rest,
    issuedAt: isoTime(issuedAt),
    expiresAt: isoTime(expiresAt),
    variable: variableOf(issued.service),
    token,
  };
}

/** How a Kubernetes Secret is to be called. */
export interface SecretNames {
  readonly namespace: string | undefined;
  /** Default: `<service>-token`. */
  readonly secretName: string | undefined;
}

/** The key in the Secret, and so the file's name where it is mounted. */
export const SECRET_KEY = 'token';

/** `--format kubernetes`: a Secret that `kubectl apply` takes; `tokenFromFile` reads it where it is mounted. */
export function asKubernetesSecret({ issued, token }: MintedToken, { namespace, secretName }: SecretNames): string {
  const { service, tokenId, keyId, expiresAt } = issued;
  // Quoted, as readers of YAML 1.1 take plain dates and many words for something else; unfolded, as a token is one line.
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: secretName ?? `${service}-token`,
        ...(namespace !== undefined && { namespace }),
        labels: { 'app.kubernetes.io/name': service, 'app.kubernetes.io/managed-by': 'service-auth' },
        annotations: {
          'service-auth/token-id': tokenId,
          'service-auth/key-id': keyId,
          'service-auth/expires-at': isoTime(expiresAt),
        },
      },
      type: 'Opaque',
      stringData: { [SECRET_KEY]: token },
    },
    { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  );
}

/** What a terminal shows of a new token. */
export function asTerminalText({ service, issued, token }: MintedToken, target: KnownService): readonly string[] {
  return [
    `Service token for ${service.name}`,
    '',
    ...facts([
      ['Token id', issued.tokenId],
      ['Key id', issued.keyId],
      ['Issued', isoTime(issued.issuedAt)],
      ['Expires', `${isoTime(issued.expiresAt)} (${untilThen(issued.expiresAt)})`],
      ['Scope', issued.scope],
      ['Audience', issued.audience?.join(', ') ?? 'any service'],
    ]),
    '',
    `The token. Whoever has it is ${service.name}:`,
    '',
    token,
    '',
    'As a variable:',
    '',
    `export ${variableOf(service.name)}='${token}'`,
    '',
    'A call with it that changes nothing:',
    '',
    `curl --header "Authorization: Bearer $${variableOf(service.name)}" ${target.url}${target.apiPath}/tenant/TENANT_ID/deletion-preview`,
  ];
}
