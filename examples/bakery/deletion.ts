import { join } from 'node:path';
import { createTenantDeletion, type DeletionReport, fileLedger, type ServiceReport } from 'service-auth/client';
import { createLogger } from 'service-auth/shared';
import type { Calls } from './calls.js';
import { LEAVING, seedTotal, SERVICES, STAYING, sum, type Tenant } from './data.js';
import type { Row, Section } from './report.js';
import type { System } from './system.js';

/** Looks at the tenant that leaves, and deletes it in all twelve services. */
export async function deleteTenant(system: System, calls: Calls): Promise<Section> {
  const deletion = createTenantDeletion({
    client: calls.client,
    services: SERVICES.map((name) => ({ name: `${name}-service`, url: `${system.gatewayUrl}/api/v1/${name}` })),
    ledger: fileLedger(join(system.directory, 'deletions')),
    // What it would tell is in the report.
    logger: createLogger({ level: 'error' }),
  });
  const { previewId } = await deletion.preview(LEAVING.id);
  const report = await deletion.run(LEAVING.id, { previewId, requestedBy: 'npm start' });
  await deletion.close();
  return {
    heading: headingOf(report),
    columns: ['service', 'preview', 'deleted', 'outcome', 'requests', 'ms'],
    rows: report.services.map(rowOf),
  };
}

function headingOf({ state, services }: DeletionReport): string {
  return `1. Delete tenant ${LEAVING.name} in ${services.length} services, through the gateway; pos loses an answer, training is slow: ${state}`;
}

function rowOf({ service, status, previewTotal = 0, total = 0, tries, durationMs = 0 }: ServiceReport): Row {
  const name = service.replace(/-service$/, '');
  const count = seedTotal(name, LEAVING);
  return {
    cells: [name, previewTotal, total, status, tries, durationMs],
    expected: `deleted: ${count} of ${count} rows`,
    got: `${status}: ${total} of ${previewTotal} rows`,
  };
}

/** Shows that one tenant is gone from every service and that the others have all they had. */
export async function checkTenants(calls: Calls): Promise<Section> {
  const rows = [await checkTenant(LEAVING, '404 tenant_not_found', calls)];
  for (const tenant of STAYING) rows.push(await checkTenant(tenant, '200', calls));
  return { heading: '2. What is left', columns: ['tenant', 'rows before', 'rows now', 'answers'], rows };
}

async function checkTenant(tenant: Tenant, answer: string, calls: Calls): Promise<Row> {
  const { total, answers } = await previewAll(tenant, calls);
  const before = seedRows(tenant);
  const remaining = tenant === LEAVING ? 0 : before;
  return {
    cells: [tenant.name, before, total, answers],
    expected: `${remaining} rows and ${SERVICES.length} × ${answer}`,
    got: `${total} rows and ${answers}`,
  };
}

/** Previews a tenant in every service; `answers` says what they answered: `12 × 200`. */
export async function previewAll(tenant: Tenant, calls: Calls): Promise<{ total: number; answers: string }> {
  const previews = await Promise.all(
    SERVICES.map((service) => calls.asOrchestrator('GET', previewPath(service, tenant))),
  );
  const summaries = previews.map(({ summary }) => summary);
  const answers = [...new Set(summaries)].map((one) => `${summaries.filter((other) => other === one).length} × ${one}`);
  return { total: sum(previews.map(({ total }) => total)), answers: answers.join(', ') };
}

/** How many rows a tenant has in all services, before anybody deletes it. */
export function seedRows(tenant: Tenant): number {
  return sum(SERVICES.map((service) => seedTotal(service, tenant)));
}

export function tenantPath(service: string, tenant: Tenant): string {
  return `/api/v1/${service}/tenant/${tenant.id}`;
}

export function previewPath(service: string, tenant: Tenant): string {
  return `${tenantPath(service, tenant)}/deletion-preview`;
}
