import type { Calls, Log } from './calls.js';
import { STAYING } from './data.js';
import { previewPath, tenantPath } from './deletion.js';
import type { Row, Section } from './report.js';
import { ORCHESTRATOR } from './service.js';
import type { System } from './system.js';

interface Attempt {
  readonly what: string;
  readonly method?: 'GET' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where it gets to, that is, who writes a line about it. */
  readonly logs: readonly Log[];
  readonly expected: string;
}

/** Tries to get at a tenant in every wrong way, and in one right one. None of it uses the client: attackers don't. */
export async function tryEverything(system: System, calls: Calls): Promise<Section> {
  const rows: Row[] = [];
  for (const { what, method = 'DELETE', url, headers, logs, expected } of attempts(system)) {
    const { status, code, summary } = await calls.raw(method, url, headers, logs);
    rows.push({ cells: [what, status, code], expected, got: summary });
  }
  return {
    heading: `3. Who is let in and who is not (tenant ${STAYING[0].name}, orders-service if no other is named)`,
    columns: ['attempt', 'answer', 'code'],
    rows,
  };
}

function attempts({ gatewayUrl, urlOf, credentials: { tokens } }: System): readonly Attempt[] {
  const [tenant] = STAYING;
  const deletion = tenantPath('orders', tenant);
  const preview = previewPath('orders', tenant);
  // Refused at the gateway; let through by it, so that the service decides; past it, straight to a service.
  const atGateway = { url: gatewayUrl + deletion, logs: ['gateway'] } as const;
  const atService = { url: gatewayUrl + deletion, logs: ['gateway', 'audit'] } as const;
  const straight = { logs: ['audit'] } as const;

  return [
    {
      what: "in-cluster preview, the orchestrator's token",
      ...straight,
      method: 'GET',
      url: urlOf('orders') + preview,
      headers: bearer(tokens.orchestrator),
      expected: '200',
    },
    {
      what: 'the same at recipes-service, which has no key for tokens',
      ...straight,
      method: 'GET',
      url: urlOf('recipes') + previewPath('recipes', tenant),
      headers: bearer(tokens.orchestrator),
      expected: '401 unproven_identity',
    },
    { what: 'no token', ...atGateway, headers: {}, expected: '401 missing_credentials' },
    { what: "a person's token", ...atService, headers: bearer(tokens.person), expected: '403 service_required' },
    { what: 'an expired token', ...atGateway, headers: bearer(tokens.expired), expected: '401 token_expired' },
    {
      what: 'a token signed with another key',
      ...atGateway,
      headers: bearer(tokens.otherKey),
      expected: '401 invalid_token',
    },
    {
      what: 'forged headers straight to the service',
      ...straight,
      url: urlOf('orders') + deletion,
      headers: FORGED,
      expected: '401 unproven_identity',
    },
    { what: 'forged headers through the gateway', ...atGateway, headers: FORGED, expected: '401 missing_credentials' },
    {
      what: "forged headers through the gateway, a person's token",
      ...atService,
      headers: { ...FORGED, ...bearer(tokens.person) },
      expected: '403 service_required',
    },
    {
      what: "training-service's own token: not on the list",
      ...atService,
      headers: bearer(tokens.training),
      expected: '403 service_not_allowed',
    },
  ];
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** What the gateway of the predecessor wrote, and its services believed. */
const FORGED: Readonly<Record<string, string>> = {
  'x-user-id': ORCHESTRATOR,
  'x-user-email': `${ORCHESTRATOR}@internal.service`,
  'x-user-role': 'admin',
  'x-user-type': 'service',
  'x-service-name': ORCHESTRATOR,
};
