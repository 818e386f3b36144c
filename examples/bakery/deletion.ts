import type { Calls } from './calls.js';
import { LEAVING, seedTotal, SERVICES, STAYING, sum, type Tenant } from './data.js';
import type { Row, Section } from './report.js';

/** Previews and deletes the tenant that leaves in all twelve services. */
export async function deleteTenant(calls: Calls): Promise<Section> {
  const rows: Row[] = [];
  for (const service of SERVICES) rows.push(await deleteIn(service, calls));
  return {
    heading: `1. Delete tenant ${LEAVING.name} in ${SERVICES.length} services, through the gateway`,
    columns: ['service', 'preview', 'deleted', 'status', 'ms'],
    rows,
  };
}

async function deleteIn(service: string, calls: Calls): Promise<Row> {
  const start = performance.now();
  const preview = await calls.asOrchestrator('GET', previewPath(service, LEAVING));
  const deletion = await calls.asOrchestrator('DELETE', tenantPath(service, LEAVING));
  const ms = Math.round(performance.now() - start);
  const count = seedTotal(service, LEAVING);
  return {
    cells: [service, preview.total, deletion.total, deletion.status, ms],
    expected: `200 (${count} rows), then 200 (${count} rows)`,
    got: `${preview.summary} (${preview.total} rows), then ${deletion.summary} (${deletion.total} rows)`,
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
