import { LEAVING, SERVICES, STAYING, type Tenant } from './data.js';
import { previewPath, tenantPath } from './deletion.js';
import { ORCHESTRATOR } from './service.js';
import { startSystem, type System } from './system.js';

/** Keeps the system up until somebody ends it, and prints what to try meanwhile. */
export async function serve(): Promise<void> {
  // Listened for before anything is printed, and to the end: Ctrl-C under npm comes more than once.
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      resolve();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
    // npm ends itself on SIGTERM and tells nobody: then this process has another parent.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) end();
    }, 500);
    watch.unref();
  });
  const system = await startSystem();
  console.log(instructions(system));
  await ended;
  await system.close();
  console.log('\nStopped.');
}

function instructions({ gatewayUrl, urlOf, credentials, audit, gatewayLog }: System): string {
  const preview = previewPath('orders', LEAVING);
  const commands = [
    ['What orders keeps of a tenant, and would delete: 200', curl(gatewayUrl + preview, BEARER)],
    [
      'Delete the tenant in all twelve services: 12 times 200, a second time 404',
      deleteEverywhere(gatewayUrl, LEAVING),
    ],
    ['It is gone: 404 tenant_not_found', curl(gatewayUrl + preview, BEARER)],
    ['Past the gateway, as in the cluster: 200', curl(urlOf('orders') + previewPath('orders', STAYING[0]), BEARER)],
    ['Without a token: 401 missing_credentials', curl(gatewayUrl + preview)],
    ['With forged headers, straight to the service: 401 unproven_identity', curl(urlOf('orders') + preview, FORGED)],
  ];
  return [
    `A gateway on ${gatewayUrl} and ${SERVICES.length} services behind it; nothing here outlives this program.`,
    `Decisions are logged in ${audit.path}`,
    `and ${gatewayLog.path}. Ctrl-C ends it all.`,
    '',
    '# The token of tenant-deletion-orchestrator, good for 1 hour. First paste this:',
    `export TOKEN='${credentials.tokens.orchestrator}'`,
    ...commands.flatMap(([what, command]) => ['', `# ${what}`, command]),
  ].join('\n');
}

const BEARER = '-H "Authorization: Bearer $TOKEN"';
const FORGED = `-H 'x-user-type: service' -H 'x-service-name: ${ORCHESTRATOR}'`;

function curl(url: string, ...options: readonly string[]): string {
  return ['curl', "-sS --noproxy '*' -w ' %{http_code}\\n'", ...options, url].join(' ');
}

function deleteEverywhere(gatewayUrl: string, tenant: Tenant): string {
  const url = `"${gatewayUrl}${tenantPath('$service', tenant)}"`;
  return `for service in ${SERVICES.join(' ')}; do ${curl(url, '-X DELETE', BEARER)}; done`;
}
