import type { Calls } from './calls.js';
import { STAYING, sum } from './data.js';
import { previewAll, seedRows } from './deletion.js';
import type { LogFile } from './log-file.js';
import type { Row, Section } from './report.js';
import type { System } from './system.js';

/** Counts the rows that the attempts were after. */
export async function checkData(calls: Calls): Promise<Row> {
  const previews = await Promise.all(STAYING.map((tenant) => previewAll(tenant, calls)));
  return count('rows of the tenants that stay', sum(STAYING.map(seedRows)), sum(previews.map(({ total }) => total)));
}

/** Reads the logs: a line for every decision, and nothing in them that opens a door. To be called when all is closed. */
export async function checkLogs(system: System, calls: Calls): Promise<readonly Row[]> {
  const { audit, gatewayLog, credentials } = system;
  const lines = [...(await audit.readLines()), ...(await gatewayLog.readLines())];
  const leaks = [...credentials.secrets].filter((secret) => lines.some((line) => line.includes(secret)));
  return [
    await checkLines('audit lines of the services', audit, calls.expectedLines.audit),
    await checkLines('log lines of the gateway', gatewayLog, calls.expectedLines.gateway),
    count('tokens and keys in them', 0, leaks.length),
  ];
}

async function checkLines(what: string, log: LogFile, expected: number): Promise<Row> {
  return count(what, expected, (await log.readLines()).length, log.path);
}

function count(what: string, expected: number, found: number, where = ''): Row {
  return { cells: [what, expected, found, where], expected: String(expected), got: String(found) };
}

export function afterwards(rows: readonly Row[]): Section {
  return { heading: '4. Afterwards', columns: ['what', 'expected', 'found', 'file'], rows };
}
