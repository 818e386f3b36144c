import { expect } from 'chai';
import { smokeLines, smokeSummary } from '../../../lib/cli/doctor/smoke-report.js';
import type { SmokeRow } from '../../../lib/cli/doctor/smoke-verdict.js';

function row(service: string, verdict: SmokeRow['verdict'], more: Partial<SmokeRow> = {}): SmokeRow {
  return { service, url: `http://gateway/${service}`, verdict, ...more };
}

const LET_IN = row('orders-service', 'let in', { status: 404, by: 'service', code: 'tenant_not_found', ms: 7 });
const REFUSED = row('sales-service', 'refused', { status: 401, by: 'service', ms: 12 });
const DOWN = row('pos-service', 'not reached', { note: 'no\u0007' });

describe('smokeLines', () => {
  it('has a line for each, and shows foreign text as text', () => {
    expect(smokeLines([LET_IN, DOWN], [])).to.deep.equal([
      'SERVICE         STATUS                ANSWERED BY  MS     VERDICT      NOTE',
      'orders-service  404 tenant_not_found  service          7  let in',
      'pos-service     -                     nobody           -  not reached  no\\u{7}',
    ]);
  });

  it('says below who was not asked', () => {
    expect(smokeLines([LET_IN], ['auth-service', 'menu-service']).slice(-2)).to.deep.equal([
      '',
      'Not asked: auth-service, menu-service (without data of tenants, and so without deletion-preview; --path names another place)',
    ]);
  });
});

describe('smokeSummary', () => {
  it('counts those that did not let the token in, and names the first that refused', () => {
    expect(smokeSummary([LET_IN, DOWN, REFUSED], {})).to.equal(
      '2 of 3 services did not let the token in (1 refused, 1 not reached). To find out why: service-auth doctor http://gateway/sales-service --service sales-service',
    );
  });

  it('names the first of them where none refused', () => {
    expect(smokeSummary([LET_IN, DOWN, row('x-service', 'unknown')], {})).to.match(/ --service pos-service$/);
  });

  it('repeats what the doctor has to know too', () => {
    const told = smokeSummary([REFUSED], {
      services: './mine.json',
      tokenFile: "it's mine.token",
      timeout: 5000,
      ca: 'ca.pem',
      dangerouslyAllowPlainHttp: true,
    });
    expect(told).to.match(
      / --service sales-service --services \.\/mine\.json --token-file 'it'\\''s mine\.token' --timeout 5s --ca ca\.pem --dangerously-allow-plain-http$/,
    );
    // Names are no file that the doctor could read.
    expect(smokeSummary([REFUSED], { services: 'sales-service,pos-service' })).not.to.include('--services');
  });

  it('gives a hint where a service has nothing at the path', () => {
    const nowhere = row('menu-service', 'unknown', { status: 404, by: 'service' });
    const foreign = row('menu-service', 'unknown', { status: 404, by: 'in-between' });
    expect(smokeSummary([nowhere], {})).to.match(/give --path/);
    expect(smokeSummary([foreign, REFUSED], {})).not.to.include('--path');
  });
});
