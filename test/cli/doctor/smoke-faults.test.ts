import { expect } from 'chai';
import type { SmokeRow } from '../../../lib/cli/doctor/smoke-verdict.js';
import { newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import type { CliResult } from '../cli.js';
import { withToken } from './faults/fault.js';
import { closedPort, eachOnStage, type Stage } from './faults/stage.js';
import { type Conduct, openTown, type Town } from './faults/town.js';

/** What a program reads of it. */
interface SmokeReport {
  readonly ok: boolean;
  readonly services: readonly SmokeRow[];
}

/** What becomes of a call, by what the service or the way to it is. */
const ROWS: readonly (readonly [Conduct, Partial<SmokeRow>])[] = [
  ['is sound', { verdict: 'let in', status: 200, by: 'service' }],
  ['has no such tenant', { verdict: 'let in', status: 404, by: 'service', code: 'tenant_not_found' }],
  ['crashes', { verdict: 'let in', status: 500, by: 'service' }],
  ['has a list without us', { verdict: 'refused', status: 403, by: 'service', code: 'service_not_allowed' }],
  ['has another secret', { verdict: 'refused', status: 401, by: 'service', code: 'invalid_token' }],
  ['has another name', { verdict: 'refused', status: 401, by: 'service', code: 'wrong_audience' }],
  ['is down', { verdict: 'not reached', status: 502, by: 'gateway', code: 'upstream_unreachable' }],
  ['is silent', { verdict: 'not reached', status: 504, by: 'gateway', code: 'upstream_timeout' }],
  ['has no route', { verdict: 'not reached', status: 404, by: 'gateway' }],
  ['is another service', { verdict: 'unknown', status: 404, by: 'service' }],
  ['is behind an ingress without a rule', { verdict: 'unknown', status: 404, by: 'in-between' }],
];
const LET_IN: readonly Conduct[] = ['is sound', 'has no such tenant', 'crashes'];

describe('service-auth smoke, before faults that are made for real', function () {
  this.timeout(180_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  for (const [conduct, row] of ROWS) {
    const isLetIn = LET_IN.includes(conduct);
    it(`says '${String(row.verdict)}' of a service that ${conduct}, beside a sound one`, async () => {
      const town = await openTown(stage, { 'orders-service': 'is sound', 'sales-service': conduct });
      const { result, report } = await ask(town, stage.mint());
      expect(report.services.map(({ service }) => service)).to.deep.equal(['orders-service', 'sales-service']);
      expect(report.services[0]).to.deep.include({ verdict: 'let in', status: 200, by: 'service' });
      expect(report.services[1]).to.deep.include(row);
      expect({ code: result.code, ok: report.ok }).to.deep.equal({ code: isLetIn ? 0 : 1, ok: isLetIn });
    });
  }

  it("notes that a service's own fault is none of the token's", async () => {
    const town = await openTown(stage, { 'orders-service': 'crashes', 'sales-service': 'is sound' });
    const { report } = await ask(town, stage.mint());
    expect(report.services[0]?.note).to.match(/own/);
    expect(report.services[1]?.note).to.equal(undefined);
  });

  it('asks all of them at once, and a gateway with another secret lets none in', async () => {
    const names = ['orders-service', 'sales-service', 'inventory-service', 'pos-service'];
    const conducts = Object.fromEntries(names.map((name) => [name, 'is sound' as const]));
    const town = await openTown(stage, conducts, { keys: newSecret() });
    const { result, report } = await ask(town, stage.mint());
    for (const row of report.services)
      expect(row).to.deep.include({ verdict: 'refused', code: 'invalid_token', by: 'gateway' });
    expect(result.code).to.equal(1);
    expect(result.stderr).to.match(/4 of 4 .*4 refused/);
    // The same without the fault.
    const sound = await ask(await openTown(stage, conducts), stage.mint());
    expect(sound.report.services.map(({ verdict }) => verdict)).to.deep.equal(names.map(() => 'let in'));
    expect(sound.result.code).to.equal(0);
  });

  it('reaches nobody where the gateway is down', async () => {
    await openTown(stage, { 'orders-service': 'is sound', 'sales-service': 'is sound' });
    const { result, report } = await ask({ base: `http://127.0.0.1:${await closedPort()}` }, stage.mint());
    for (const row of report.services) expect(row).to.deep.include({ verdict: 'not reached' });
    expect(report.services[0]?.note).to.match(/ECONNREFUSED/);
    expect(result.code).to.equal(1);
    expect(stage.requests).to.deep.equal([]);
  });

  it('asks those that --services names, and no others', async () => {
    const town = await openTown(stage, {
      'orders-service': 'is sound',
      'sales-service': 'has another secret',
      'inventory-service': 'is sound',
    });
    const token = stage.mint();
    const { result, report } = await ask(town, token, '--services', 'orders-service,inventory-service');
    expect(report.services.map(({ service }) => service)).to.deep.equal(['orders-service', 'inventory-service']);
    expect(result.code).to.equal(0);
    expect(stage.requests.filter(({ path }) => path.includes('sales'))).to.deep.equal([]);
  });

  it('names the doctor for who refused, before who is down', async () => {
    const town = await openTown(stage, { 'orders-service': 'is down', 'sales-service': 'has a list without us' });
    const { stderr } = await smoke(town, stage.mint());
    expect(stderr).to.match(/2 of 2 .*1 refused, 1 not reached.*service-auth doctor http\S+\/api\/v1\/sales\//);
  });

  it('gives a hint to name another path, where nothing is at that of the preview', async () => {
    const town = await openTown(stage, { 'orders-service': 'is sound', 'sales-service': 'is another service' });
    const { code, stderr } = await smoke(town, stage.mint());
    expect(code).to.equal(1);
    expect(stderr).to.match(/give --path one/);
  });

  it('prints a line for each, and names the doctor for the first that is not well', async () => {
    const town = await openTown(stage, { 'orders-service': 'is sound', 'sales-service': 'has a list without us' });
    const { code, stdout, stderr } = await smoke(town, stage.mint());
    expect(code).to.equal(1);
    expect(stdout).to.match(/^orders-service +200 +service +\d+ +let in/m);
    expect(stdout).to.match(/^sales-service +403 service_not_allowed +service +\d+ +refused/m);
    expect(stderr).to.match(/1 of 2 .*1 refused.*service-auth doctor http\S+\/api\/v1\/sales\//);
  });

  async function smoke(town: Town, token: string, ...options: readonly string[]): Promise<CliResult> {
    const result = await stage.cli.run(['smoke', '--base', town.base, ...options], { env: withToken(token) });
    for (const { method } of stage.requests) expect(method).to.be.oneOf(['GET', 'HEAD']);
    for (const one of stage.tokens) {
      for (const part of one.split('.').slice(1)) expectNoPieceOf(part, result.stdout + result.stderr);
    }
    return result;
  }

  async function ask(
    town: Town,
    token: string,
    ...options: readonly string[]
  ): Promise<{ result: CliResult; report: SmokeReport }> {
    const result = await smoke(town, token, '--json', ...options);
    return { result, report: JSON.parse(result.stdout) as SmokeReport };
  }
});
