import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { decodePart } from '../support/forge.js';
import { needsProgram } from '../support/needs-program.js';
import { buildIfMissing, logFolder, printed, type Run, startBakery } from './run-bakery.js';

const SERVICES =
  'orders inventory recipes sales production suppliers pos external forecasting training alert-processor notification';

const ATTEMPTS = [
  ["in-cluster preview, the orchestrator's token", '200'],
  ['the same at recipes-service, which has no key for tokens', '401 unproven_identity'],
  ['no token', '401 missing_credentials'],
  ["a person's token", '403 service_required'],
  ['an expired token', '401 token_expired'],
  ['a token signed with another key', '401 invalid_token'],
  ['forged headers straight to the service', '401 unproven_identity'],
  ['forged headers through the gateway', '401 missing_credentials'],
  ["forged headers through the gateway, a person's token", '403 service_required'],
  ["training-service's own token: not on the list", '403 service_not_allowed'],
];

// A JWT; and what is as long as a derived key or a secret.
const SECRET = /eyJ|[A-Za-z0-9_-]{43,}/;

describe('examples/bakery', function () {
  this.timeout(180_000);
  const logs = logFolder();
  const open: Run[] = [];

  function start(...args: string[]): Run {
    const run = startBakery(args, logs.path);
    open.push(run);
    return run;
  }

  before(buildIfMissing);
  after(() => {
    for (const { child } of open) child.kill('SIGKILL');
    logs.remove();
  });

  describe('npm start', () => {
    let run: Run;
    let result: number | string;
    /** The lines of a table, split where two spaces or more are. */
    const table = (number: number): string[][] => {
      const section = run.stdout.split(`\n${number}. `)[1]?.split(/\n(?=\d\. |Every line|Not every line)/)[0] ?? '';
      const lines = section.split('\n').filter((line) => line.startsWith('  '));
      return lines.slice(1).map((line) => line.trim().split(/\s{2,}/));
    };

    before(async () => {
      run = start();
      result = await run.ended;
    });

    it('exits with 0 and writes nothing to stderr', () => {
      expect(run.stderr).to.equal('');
      expect(result, run.stdout).to.equal(0);
      expect(run.stdout).to.include('Every line is as it should be.').and.not.to.include('✗');
    });

    it('deletes in twelve services what their previews announced', () => {
      const rows = table(1);
      expect(rows.map(([service]) => service)).to.deep.equal(SERVICES.split(' '));
      for (const [service, preview, deleted, outcome, requests, , mark] of rows) {
        expect(Number(preview)).to.be.greaterThan(0);
        expect([deleted, outcome, mark]).to.deep.equal([preview, 'deleted', '✓']);
        // Of the first one the answer was lost.
        expect(requests, service).to.equal(service === 'pos' ? '2' : '1');
      }
    });

    it('shows one tenant gone everywhere and the others as they were', () => {
      const [gone, ...others] = table(2);
      expect(gone?.slice(2)).to.deep.equal(['0', '12 × 404 tenant_not_found', '✓']);
      expect(others).to.have.lengthOf(2);
      for (const [, before, now, answers, mark] of others) {
        expect([now, answers, mark]).to.deep.equal([before, '12 × 200', '✓']);
      }
    });

    it('lets in whom it should and refuses the others, each with its code', () => {
      const rows = table(3).map((cells) => [cells[0], cells.slice(1, -1).join(' ')]);
      expect(rows).to.deep.equal(ATTEMPTS);
    });

    it('leaves as many log lines as it says, none with a token or a key', () => {
      const files = table(4).filter((cells) => cells.length === 5);
      expect(files).to.have.lengthOf(2);
      for (const [, expected, found, path = ''] of files) {
        expect(path.startsWith(logs.path)).to.be.true;
        expect(statSync(path).mode & 0o077).to.equal(0);
        const text = readFileSync(path, 'utf8');
        expect(text).not.to.match(SECRET);
        const lines = text.trimEnd().split('\n');
        expect([String(lines.length), found]).to.deep.equal([expected, expected]);
      }
    });

    it('leaves an audit line of each refusal by a service', () => {
      const lines = readFileSync(table(4)[1]?.[3] ?? '', 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const denied = lines.filter(({ decision }) => decision === 'denied').map(({ code }) => code);
      const [unproven, person, list] = ['unproven_identity', 'service_required', 'service_not_allowed'];
      expect(denied).to.deep.equal([unproven, person, unproven, person, list]);
    });

    it('prints no token, no key and, to a pipe, no colours', () => {
      expect(run.stdout).not.to.match(SECRET);
      expect(run.stdout).not.to.include('\u001B');
    });
  });

  describe('npm start -- --serve', () => {
    it('prints commands that give what it says of them, and ends on SIGINT with 0', async function () {
      needsProgram(this, 'curl');
      const run = start('--serve');
      await printed(run, '401 unproven_identity\ncurl ');
      const [, token = ''] = /^export TOKEN='(.+)'$/m.exec(run.stdout) ?? [];
      const { iat, exp } = decodePart(token, 1);
      expect(Number(exp) - Number(iat)).to.equal(3600);
      expect(run.stdout.split(token)).to.have.lengthOf(2);

      const commands = [
        ...run.stdout.matchAll(/^# .*?: (?:(\d+) times )?(\d{3})(?: (\w+)|,.*)?\n((?:curl|for) .+)$/gm),
      ];
      expect(commands).to.have.lengthOf(6);
      for (const [, times = '1', status, code, command = ''] of commands) {
        const answer = execFileSync('bash', ['-c', command], {
          env: { ...process.env, TOKEN: token },
          encoding: 'utf8',
        });
        expect(answer.match(/ \d{3}$/gm), command).to.deep.equal(Array(Number(times)).fill(` ${status ?? ''}`));
        if (code !== undefined) expect(answer).to.include(`"code":"${code}"`);
      }

      run.child.kill('SIGINT');
      expect(await run.ended).to.equal(0);
      expect(run.stderr).to.equal('');
    });

    it('ends on SIGTERM with 0, also when it comes twice', async () => {
      const run = start('--serve');
      await printed(run, 'export TOKEN=');
      run.child.kill('SIGTERM');
      run.child.kill('SIGTERM');
      expect(await run.ended).to.equal(0);
    });
  });

  describe('other arguments', () => {
    it('are refused with 2 and the usage on stderr', async () => {
      const runs = [start('--server'), start('--serve', 'now'), start('')];
      for (const run of runs) {
        expect(await run.ended).to.equal(2);
        expect(run.stdout).to.equal('');
        expect(run.stderr).to.include('Usage: npm start');
      }
    });

    it('that ask for help get it on stdout', async () => {
      const run = start('--help');
      expect(await run.ended).to.equal(0);
      expect(run.stdout).to.include('--serve');
    });
  });
});
