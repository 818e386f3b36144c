import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { expect } from 'chai';
import sinon from 'sinon';
import { redisOfSuite } from '../../support/redis-rig.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { forge } from '../../support/forge.js';
import { newSecret } from '../../support/keys.js';
import { shown } from '../../support/shown.js';
import { createDeletionRig, type DeletionRig, expectAllProven } from '../deletion/deletion-rig.js';
import { ANSWERS, type FakeAnswer, type FakeService } from '../deletion/fake-services.js';

const TWELVE = [
  'orders-service',
  'inventory-service',
  'recipes-service',
  'sales-service',
  'production-service',
  'suppliers-service',
  'pos-service',
  'external-service',
  'forecasting-service',
  'training-service',
  'alert-processor-service',
  'notification-service',
];
const UNKNOWN_RUN = '0123456789abcdef-0123456789ab';
const MINUTE = 60_000;
/** What a terminal shows, and obeys in nothing. */
const SHOWN = /^(?:\P{C}|\n)*$/u;

interface Report {
  readonly runId: string;
  readonly tenantId: string;
  readonly state: string;
  readonly requestedBy: string;
  readonly previewId: string;
  readonly resumptions: number;
  readonly deletedTotal: number;
  readonly services: readonly Readonly<Record<string, unknown>>[];
}

describe('service-auth delete-tenant', () => {
  let rig: DeletionRig;
  beforeEach(async () => {
    rig = await createDeletionRig();
  });
  afterEach(async () => {
    await rig.end();
  });

  const preview = async (tenant = '7'): Promise<string> =>
    (await rig.json([tenant, '--preview']))['previewId'] as string;
  /** A run that one service keeps from being complete. */
  const unfinishedRun = async (): Promise<string> => {
    const sales = rig.services.named('sales-service');
    await preview();
    sales.misbehave = () => ANSWERS.broken;
    const { code, stderr } = await rig.run(['7', '--confirm', '7']);
    sales.misbehave = undefined;
    expect(code).to.equal(1);
    return rig.runId(stderr);
  };
  const expectNothingSent = async (act: () => Promise<unknown>): Promise<void> => {
    const before = rig.services.asked.length;
    await act();
    expect(rig.services.asked.slice(before)).to.deep.equal([]);
  };
  const expectUsageError = async (args: readonly string[], words: string): Promise<void> => {
    await expectNothingSent(async () => {
      const { code, stdout, stderr } = await rig.run(args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.include(words);
    });
  };

  describe('--preview', () => {
    it('shows what every service holds, and deletes nothing', async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--preview']);
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(/^ {2}tenant +7$/m)
        .and.to.match(/^ {2}records +33$/m);
      expect(stdout).to.match(/^orders-service +11 +counted +200 +orders 1, rows 10$/m);
      expect(stdout).to.match(/^sales-service +22 +counted +200 +orders 2, rows 20$/m);
      expect(stderr).to.match(
        /^\nNothing was deleted\. To delete it, within an hour: service-auth delete-tenant 7 --confirm 7\n$/,
      );
      expect(rig.services.deletions()).to.deep.equal([]);
      expect(rig.services.all.every(({ held }) => held.has('7'))).to.equal(true);
      expectAllProven(rig);
    });

    it('shows all of it on a terminal', async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--preview'], { terminal: true });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout)
        .to.match(/^orders-service +11 /m)
        .and.to.match(/\nNothing was deleted\. .*--confirm 7\n$/);
    });

    it('asks whether the id is right where no service knows the tenant, and offers no deletion', async () => {
      const { code, stderr } = await rig.run(['unknown', '--preview']);
      expect(code).to.equal(0);
      expect(stderr).to.match(/Nothing was deleted\. No service knows this tenant: is the id right\?\n$/);
    });

    it('offers to go on with a run that is not finished, and not another one', async () => {
      const run = await unfinishedRun();
      const looked = await rig.run(['7', '--preview']);
      expect(looked.stderr).to.include(`Run ${run} of this tenant is not finished.`).and.not.to.include('--confirm');
      expect((await rig.run(['7', '--abandon', run])).code).to.equal(0);
      expect((await rig.run(['7', '--preview'])).stderr).to.include('--confirm');
    });

    it('prints it as JSON, and nothing else', async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--preview', '--json']);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      const printed = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
      const listed = JSON.parse(rig.cli.read('services.json')) as readonly { url: string; apiPath: string }[];
      const urlOf = (index: number): string => `${String(listed[index]?.url)}${String(listed[index]?.apiPath)}`;
      expect(printed).to.include({ tenantId: '7', total: 33, isComplete: true });
      expect(printed['services']).to.deep.equal([
        {
          service: 'orders-service',
          url: urlOf(0),
          status: 'counted',
          httpStatus: 200,
          counts: { orders: 1, rows: 10 },
          total: 11,
        },
        {
          service: 'sales-service',
          url: urlOf(1),
          status: 'counted',
          httpStatus: 200,
          counts: { orders: 2, rows: 20 },
          total: 22,
        },
      ]);
    });

    const SILENT: readonly (readonly [what: string, answer: FakeAnswer, line: RegExp])[] = [
      ['refuses', ANSWERS.refused, /^sales-service +- +refused +403 caller_not_allowed/m],
      ['does not count', { status: 200, body: { tenant_id: '7' } }, /^sales-service +- +uncounted +200$/m],
      ['says that it cannot', ANSWERS.broken, /^sales-service +- +failed +400 no_way +Not today\.$/m],
      ['is not there, in the words of something before it', ANSWERS.elsewhere, /^sales-service +- +failed +404 /m],
    ];
    for (const [what, answer, line] of SILENT) {
      it(`names a service that ${what}, exit code 1`, async () => {
        const sales = rig.services.named('sales-service');
        sales.misbehave = () => answer;
        const { code, stdout, stderr } = await rig.run(['7', '--preview']);
        expect(code).to.equal(1);
        expect(stdout).to.match(line);
        expect(stderr).to.match(/^service-auth: sales-service did not say how much would go\.$/m);
        expect(rig.services.deletions()).to.deep.equal([]);
        sales.misbehave = undefined;
        expect((await rig.run(['7', '--preview'])).code).to.equal(0);
      });
    }

    it('names a service that is down', async () => {
      await rig.services.named('sales-service').stop();
      const { code, stdout, stderr } = await rig.run(['7', '--preview']);
      expect(code).to.equal(1);
      expect(stdout)
        .to.match(/^orders-service +11 +counted/m)
        .and.to.match(/^sales-service +- +failed +ECONNREFUSED/m);
      expect(stderr).to.include('service-auth: sales-service did not say');
    });

    it('takes a service at its word that has nothing', async () => {
      rig.services.named('sales-service').held.clear();
      const { code, stdout } = await rig.run(['7', '--preview']);
      expect(code).to.equal(0);
      expect(stdout).to.match(/^sales-service +0 +nothing +404 tenant_not_found/m);
    });

    it('offers no --confirm that would be refused', async () => {
      const sales = rig.services.named('sales-service');
      sales.misbehave = () => ANSWERS.refused;
      expect((await rig.run(['7', '--preview'])).stderr).to.match(/^\nNothing was deleted\.\n/);
      const { code, stderr } = await rig.run(['7', '--confirm', '7']);
      expect(code).to.equal(1);
      expect(stderr).to.include('sales-service').and.to.include('service-auth delete-tenant 7 --preview\n');
      expect(rig.services.deletions()).to.deep.equal([]);
      sales.misbehave = undefined;
      await preview();
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
    });

    it('is broken off by an interruption: exit code 130, and no numbers of half of the services', async () => {
      let interrupt = (): void => undefined;
      rig.services.named('sales-service').misbehave = () => {
        interrupt();
        return new Promise(() => undefined);
      };
      const { code, stdout, stderr } = await rig.run(['7', '--preview', '--json'], {
        onInterrupt: (listener) => {
          interrupt = listener;
          return () => undefined;
        },
      });
      expect({ code, stdout }).to.deep.equal({ code: 130, stdout: '' });
      expect(stderr).to.match(
        /^service-auth: The preview was broken off\..* service-auth delete-tenant 7 --preview\n$/,
      );
    });
  });

  describe('--confirm', () => {
    it('deletes in all twelve services what the preview has shown, and the report says so', async () => {
      await rig.end();
      rig = await createDeletionRig(TWELVE, ['7', '8']);
      const previewId = await preview();
      const { code, stdout, stderr } = await rig.run([
        '7',
        '--confirm',
        '7',
        '--requested-by',
        'ticket 4711',
        '--json',
      ]);
      expect(code, stderr).to.equal(0);
      const report = JSON.parse(stdout) as Report;
      expect(report).to.include({
        tenantId: '7',
        state: 'complete',
        requestedBy: 'ticket 4711',
        previewId,
        resumptions: 0,
        previewTotal: 858,
        deletedTotal: 858,
      });
      expect(report.services.map(({ service }) => service)).to.deep.equal(TWELVE);
      for (const [index, service] of report.services.entries()) {
        const size = index + 1;
        expect(service).to.deep.include({ status: 'deleted', counts: { orders: size, rows: 10 * size }, attempts: 1 });
        expect(service).to.include({ total: 11 * size, previewTotal: 11 * size, httpStatus: 200 });
      }
      expect(rig.services.all.map(({ held }) => [...held.keys()])).to.deep.equal(TWELVE.map(() => ['8']));
      expect([...rig.services.deletions()].sort()).to.deep.equal([...TWELVE].sort());
      const keys = rig.services.asked
        .filter(({ method }) => method === 'DELETE')
        .map(({ idempotencyKey }) => idempotencyKey);
      expect([...keys].sort()).to.deep.equal(TWELVE.map((service) => `${report.runId}.${service}`).sort());
      expectAllProven(rig);
    });

    it('prints a line for each thing that happens, and the report alone on stdout', async () => {
      await preview();
      const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7']);
      expect(code).to.equal(0);
      const run = rig.runId(stderr);
      expect(stdout).to.match(/^# Deletion of tenant 7\n/);
      expect(stdout).to.match(/^\| Outcome +\| complete: every service is done +\|$/m);
      expect(stdout).to.match(new RegExp(`^\\| Run +\\| ${run} +\\|$`, 'm'));
      const [first, ...others] = stderr.trimEnd().split('\n');
      expect(first).to.equal(`Run ${run} of tenant 7. To go on with it: service-auth delete-tenant 7 --resume ${run}`);
      expect(others.map((line) => line.replace(/\d+ ms/, '… ms')).sort()).to.deep.equal([
        'orders-service: deleted, 11 records (200, 1 request, … ms)',
        'sales-service: deleted, 22 records (200, 1 request, … ms)',
      ]);
      expect(stdout + stderr).not.to.include('\u001b');
    });

    it('needs a preview: without one nothing is sent', async () => {
      await expectNothingSent(async () => {
        const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7']);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(/^service-auth: There is no preview .* service-auth delete-tenant 7 --preview\n$/);
      });
      await preview();
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
    });

    for (const other of ['8', '', '07', ' 7', '7 ']) {
      it(`refuses another id, ${shown(other)}, exit code 2`, async () => {
        await preview();
        await expectUsageError(['7', '--confirm', other], '--confirm must repeat the id');
        expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
      });
    }

    it('refuses a preview of more than an hour ago', async () => {
      const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      try {
        await preview();
        clock.tick(61 * MINUTE);
        await expectNothingSent(async () => {
          const { code, stderr } = await rig.run(['7', '--confirm', '7']);
          expect(code).to.equal(1);
          expect(stderr).to.include('more than an hour old').and.to.include('service-auth delete-tenant 7 --preview\n');
        });
        await preview();
        clock.tick(59 * MINUTE);
        expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
      } finally {
        clock.restore();
      }
    });

    it('refuses a preview of other services', async () => {
      await preview();
      const [orders] = rig.services.listed();
      rig.cli.write('fewer.json', JSON.stringify([orders]));
      await expectNothingSent(async () => {
        const { code, stderr } = await rig.run(['7', '--confirm', '7', '--services', 'fewer.json']);
        expect(code).to.equal(1);
        expect(stderr).to.include('other services').and.to.include('delete-tenant 7 --preview --services fewer.json\n');
      });
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
    });

    it('deletes by the preview that --preview-id names, and by no unknown one', async () => {
      const first = await preview();
      const second = await preview();
      await expectNothingSent(async () => {
        const { code, stderr } = await rig.run(['7', '--confirm', '7', '--preview-id', 'nonsense']);
        expect(code).to.equal(1);
        expect(stderr).to.include('--preview-id').and.to.include('delete-tenant 7 --preview\n');
      });
      expect(first).not.to.equal(second);
      const report = await rig.json(['7', '--confirm', '7', '--preview-id', first]);
      expect(report).to.include({ state: 'complete', previewId: first });
    });

    it('refuses by --max-records a preview that has more', async () => {
      await preview();
      await expectNothingSent(async () => {
        const { code, stderr } = await rig.run(['7', '--confirm', '7', '--max-records', '32']);
        expect(code).to.equal(1);
        expect(stderr).to.include('33 records, more than the 32 of --max-records');
      });
      expect((await rig.run(['7', '--confirm', '7', '--max-records', '33'])).code).to.equal(0);
    });

    it('deletes once: a second one needs another preview', async () => {
      const previewId = await preview();
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
      await expectNothingSent(async () => {
        for (const args of [[], ['--preview-id', previewId]]) {
          const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7', ...args]);
          expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
          expect(stderr).to.match(/ service-auth delete-tenant 7 --preview\n$/);
        }
      });
      await preview();
      const report = await rig.json(['7', '--confirm', '7']);
      expect((report['services'] as Report['services']).map(({ status }) => status)).to.deep.equal([
        'already_gone',
        'already_gone',
      ]);
    });

    it('of an unfinished run says how to go on with it, and begins no other', async () => {
      const run = await unfinishedRun();
      await preview();
      await expectNothingSent(async () => {
        const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7']);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(new RegExp(` service-auth delete-tenant 7 --resume ${run}\n$`));
      });
    });

    it('stops where a service refuses, exit code 1', async () => {
      await preview();
      rig.services.named('sales-service').misbehave = () => ANSWERS.refused;
      const { code, stderr } = await rig.run(['7', '--confirm', '7', '--json']);
      expect(code).to.equal(1);
      expect(stderr)
        .to.match(/^A service refused: no other is asked any more\.$/m)
        .and.to.match(/^sales-service: refused \(403 caller_not_allowed, \d requests?, .*\)/m)
        .and.to.match(
          /^service-auth: The deletion is stopped \(a service refused\): 1 of 2 services is not done\. To go on with it: service-auth delete-tenant 7 --resume \S+\n$/m,
        );
    });

    it('ends at its --deadline, exit code 1, and can be gone on with', async () => {
      await preview();
      const sales = rig.services.named('sales-service');
      sales.misbehave = () => new Promise(() => undefined);
      const { code, stderr } = await rig.run(['7', '--confirm', '7', '--deadline', '1s']);
      expect(code).to.equal(1);
      expect(stderr)
        .to.match(/^Its time is over: calls in flight are broken off\.$/m)
        .and.to.match(/^service-auth: The deletion is stopped \(its time was over\): 1 of 2 services is not done\./m);
      sales.misbehave = undefined;
      expect((await rig.run(['7', '--resume', rig.runId(stderr), '--deadline', '1m'])).code).to.equal(0);
      expect(sales.held.size).to.equal(0);
    });

    it('asks as many services at once as --concurrency says', async () => {
      await rig.end();
      rig = await createDeletionRig(TWELVE.slice(0, 4), ['7', '8']);
      const mostAtOnce = async (tenant: string, args: readonly string[]): Promise<number> => {
        await preview(tenant);
        let now = 0;
        let most = 0;
        for (const service of rig.services.all) {
          service.misbehave = async () => {
            most = Math.max(most, ++now);
            await new Promise((resolve) => setTimeout(resolve, 50));
            now--;
            return undefined;
          };
        }
        expect((await rig.run([tenant, '--confirm', tenant, ...args])).code).to.equal(0);
        return most;
      };
      expect(await mostAtOnce('7', ['--concurrency', '1'])).to.equal(1);
      expect(await mostAtOnce('8', [])).to.be.greaterThan(1);
    });

    it('waits for the calls in flight where it is interrupted, and asks no other: exit code 130', async () => {
      const [orders, sales] = rig.services.listed();
      rig.cli.write('services.json', JSON.stringify([orders, { ...sales, after: ['orders-service'] }]));
      await preview();
      let interrupt = (): void => undefined;
      let isListening = false;
      rig.services.named('orders-service').misbehave = () => {
        interrupt();
        return undefined;
      };
      const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7'], {
        onInterrupt: (listener) => {
          interrupt = listener;
          isListening = true;
          return () => (isListening = false);
        },
      });
      expect(code).to.equal(130);
      const run = rig.runId(stderr);
      expect(stdout)
        .to.match(/^\| orders-service +\| deleted /m)
        .and.to.match(/^\| sales-service +\| not asked /m);
      expect(stderr)
        .to.match(/^Stopping: calls in flight are waited for\./m)
        .and.to.match(/^orders-service: deleted, 11 records /m);
      expect(stderr).to.match(
        new RegExp(
          `\nservice-auth: The deletion is stopped \\(by request\\): 1 of 2 services is not done\\. To go on with it: service-auth delete-tenant 7 --resume ${run}\n$`,
        ),
      );
      expect(isListening).to.equal(false);
      expect(rig.services.deletions()).to.deep.equal(['orders-service']);
      expect((await rig.run(['7', '--resume', run])).code).to.equal(0);
      expect(rig.services.deletions()).to.deep.equal(['orders-service', 'sales-service']);
    });

    it('is complete, exit code 0, where the interruption came too late', async () => {
      await preview();
      let interrupt = (): void => undefined;
      const waiting = new Set(['orders-service', 'sales-service']);
      for (const service of rig.services.all) {
        service.misbehave = ({ service: name }) => {
          waiting.delete(name);
          if (waiting.size === 0) interrupt();
          return undefined;
        };
      }
      const { code, stdout } = await rig.run(['7', '--confirm', '7'], {
        onInterrupt: (listener) => {
          interrupt = listener;
          return () => undefined;
        },
      });
      expect(code).to.equal(0);
      expect(stdout).to.match(/^\| Outcome +\| complete: /m);
    });
  });

  describe('the command line that it prints', () => {
    const IDS = [
      '7',
      'a b',
      "it's",
      '$HOME',
      '`id`',
      '"x"',
      '$(id)',
      'a!b',
      '*',
      '~',
      '#7',
      '-x',
      '-5',
      '--json',
      'größe',
      '日本🔑',
      'a\u00a0b',
      "\u200b'x",
      '\u202ed',
    ];
    for (const id of IDS) {
      it(`is taken by a shell as it is meant, for a tenant called ${shown(id)}`, async () => {
        for (const { held } of rig.services.all) held.set(id, { rows: 1 });
        const looked = await rig.run(['--preview', '--', id]);
        expect(looked.code).to.equal(0);
        rig.services.named('sales-service').misbehave = () => ANSWERS.broken;
        const stopped = await rig.run(shellWords(printedCommand(looked.stderr)));
        expect(stopped.code, stopped.stderr).to.equal(1);
        rig.services.named('sales-service').misbehave = undefined;
        expect(looked.stdout + looked.stderr + stopped.stdout + stopped.stderr).to.match(SHOWN);
        const lines = stopped.stderr.split('\n').filter((line) => line.includes('service-auth delete-tenant'));
        const [first, last] = lines.map((line) => printedCommand(line));
        expect(lines).to.have.length(2);
        expect(first).to.equal(last);
        const { code, stderr } = await rig.run(shellWords(String(last)));
        expect(code, stderr).to.equal(0);
        expect(rig.services.all.map(({ held }) => held.has(id))).to.deep.equal([false, false]);
        expect([...new Set(rig.services.asked.map(({ tenantId }) => tenantId))]).to.deep.equal([id]);
      });
    }

    it('says again where services, token and ledger are', async () => {
      rig.cli.write("it's.json", rig.cli.read('services.json'));
      rig.cli.write('job.token', rig.token);
      rig.cli.write('services.json', '[{ "name": "other-service" }]');
      const places = ['--services', "it's.json", '--token-file', 'job.token', '--dir', 'led ger'];
      const env = { SERVICE_TOKEN: undefined };
      const looked = await rig.run(['7', '--preview', '--dangerously-allow-plain-http', ...places], { env });
      expect(looked.code).to.equal(0);
      const words = shellWords(printedCommand(looked.stderr));
      expect([...words].sort()).to.deep.equal(
        ['7', '--confirm', '7', '--dangerously-allow-plain-http', ...places].sort(),
      );
      rig.services.named('sales-service').misbehave = () => ANSWERS.broken;
      const stopped = await rig.run(words, { env });
      expect(stopped.code).to.equal(1);
      rig.services.named('sales-service').misbehave = undefined;
      expect((await rig.run(shellWords(printedCommand(stopped.stderr)), { env })).code).to.equal(0);
    });
  });

  describe('--resume', () => {
    it('asks only the services that are open', async () => {
      const run = await unfinishedRun();
      const before = rig.services.asked.length;
      const report = await rig.json(['7', '--resume', run, '--requested-by', 'night shift']);
      expect(rig.services.asked.slice(before).map(({ service, method }) => `${method} ${service}`)).to.deep.equal([
        'DELETE sales-service',
      ]);
      expect(report).to.include({ runId: run, state: 'complete', resumptions: 1, deletedTotal: 33 });
      expect((report['services'] as Report['services']).map(({ attempts }) => attempts)).to.deep.equal([1, 2]);
    });

    it('says that it waits for a lock, and ends with 130 and nothing sent where that is interrupted', async () => {
      const run = await unfinishedRun();
      const [log = ''] = rig.ledgers();
      // As if a process of another machine had just gone on with it.
      const holder = { id: 'h', pid: 1, machine: 'elsewhere' };
      const [epoch, seen] = [2, statSync(rig.cli.path(log)).size];
      const lock = { type: 'lock', epoch, seen, holder, at: new Date().toISOString() };
      appendFileSync(rig.cli.path(log), `\n${JSON.stringify(lock)}\n`);
      await expectNothingSent(async () => {
        let interrupt = (): void => undefined;
        const { code, stdout, stderr } = await rig.run(['7', '--resume', run], {
          onInterrupt: (listener) => {
            interrupt = listener;
            return () => undefined;
          },
          onWrite: (text) => {
            if (text.includes('its lock is waited for')) interrupt();
          },
        });
        expect({ code, stdout }).to.deep.equal({ code: 130, stdout: '' });
        expect(stderr).to.include('is being deleted by another process');
      });
    });

    it('of a complete run gives its report, and sends nothing', async () => {
      await preview();
      const { runId } = (await rig.json(['7', '--confirm', '7'])) as unknown as Report;
      await expectNothingSent(async () => {
        const { code, stdout, stderr } = await rig.run(['7', '--resume', runId]);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
        expect(stdout).to.match(/^\| Outcome +\| complete: every service is done/m);
      });
    });

    it('refuses a run of another tenant, exit code 2', async () => {
      const run = await unfinishedRun();
      await expectUsageError(['8', '--resume', run], 'of another tenant');
      await expectUsageError(['8', '--abandon', run], 'of another tenant');
      expect((await rig.run(['7', '--resume', run])).code).to.equal(0);
    });

    it('refuses a run that the ledger does not know, exit code 1', async () => {
      for (const option of ['--resume', '--abandon']) {
        const { code, stdout, stderr } = await rig.run(['7', option, UNKNOWN_RUN]);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.include('The ledger has no run with this id');
      }
      expect(rig.services.asked).to.deep.equal([]);
    });

    it('refuses what is no id of a run, exit code 2, without showing it', async () => {
      for (const garbage of ['', 'garbage', '../../etc', '7', rig.token, `${UNKNOWN_RUN}\n`]) {
        for (const option of ['--resume', '--abandon']) {
          await expectUsageError(['7', `${option}=${garbage}`], '--resume and --abandon take the id of a run');
        }
      }
    });
  });

  describe('--abandon', () => {
    it('gives a run up, so that another may begin', async () => {
      const run = await unfinishedRun();
      await expectNothingSent(async () => {
        const { code, stdout, stderr } = await rig.run(['7', '--abandon', run, '--requested-by', 'ticket 4712']);
        expect(code).to.equal(0);
        expect(stdout).to.match(/^\| Given up +\| \S+ by ticket 4712 /m);
        expect(stdout).to.match(/^\| sales-service +\| failed /m);
        expect(stderr).to.equal(`Run ${run} is given up. What it has not deleted is still there.\n`);
        const again = await rig.run(['7', '--resume', run]);
        expect(again.code).to.equal(1);
        expect(again.stderr).to.include('was given up');
      });
      await preview();
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
    });

    it('prints the report as JSON, and nothing else, on a terminal too', async () => {
      for (const terminal of [true, false]) {
        const run = await unfinishedRun();
        const { code, stdout, stderr } = await rig.run(['7', '--abandon', run, '--json'], { terminal });
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
        expect(JSON.parse(stdout)).to.include({ runId: run, state: 'incomplete' });
        rig.services.named('orders-service').held.set('7', { orders: 1 });
      }
    });
  });

  describe('is wrong (exit code 2, nothing on stdout, nothing sent) with', () => {
    const WRONG: readonly (readonly [args: readonly string[], words: string])[] = [
      [['7'], 'One of these is needed'],
      [['7', '--json'], 'One of these is needed'],
      [['7', '--preview', '--confirm', '7'], 'One of these is needed'],
      [['7', '--confirm', '7', '--resume', UNKNOWN_RUN], 'One of these is needed'],
      [['7', '--resume', UNKNOWN_RUN, '--abandon', UNKNOWN_RUN], 'One of these is needed'],
      [['7', '--preview', '--confirm', '7', '--resume', 'x', '--abandon', 'x'], 'One of these is needed'],
      [['7', '--preview', '--preview-id', 'x'], 'belong to --confirm'],
      [['7', '--resume', UNKNOWN_RUN, '--max-records', '1'], 'belong to --confirm'],
      [['7', '--preview', '--report', 'x.md'], '--report'],
      [['7', '--confirm', '7', '--report', 'nowhere/x.md'], '--report'],
      [['7', '--confirm', '7', '--report', '.'], '--report'],
      [['7', '--confirm', '7', '--concurrency', '0'], '--concurrency'],
      [['7', '--confirm', '7', '--concurrency', '1001'], '--concurrency'],
      [['7', '--confirm', '7', '--requested-by', ''], '--requested-by'],
      [['7', '--confirm', '7', '--requested-by', 'a\u001b[2J'], '--requested-by'],
      [['', '--preview'], 'tenant id'],
      [['.', '--preview'], 'tenant id'],
      [['..', '--preview'], 'tenant id'],
      [['a\nb', '--preview'], 'tenant id'],
      [['\ud800', '--preview'], 'tenant id'],
      [['x'.repeat(256), '--preview'], 'tenant id'],
      [['7', '--preview', '--base', 'orders'], '--base'],
      [['7', '--preview', '--base', 'file:///etc'], '--base'],
      [['7', '--preview', '--base', 'http://'], '--base'],
      [['7', '--preview', '--redis-prefix', 'mine:'], '--redis-prefix'],
      [['7', '8', '--preview'], 'too many arguments'],
      [['--preview'], 'missing required argument'],
    ];
    for (const [args, words] of WRONG) {
      it(args.map(shown).join(' '), async () => {
        await preview();
        await expectUsageError(args, words);
      });
    }
  });

  describe('the report', () => {
    const HOSTILE = '| a | `b` <script>alert(1)</script> **c** [d](http://e) &lt; _f_ \u001b[2J\u202e\nnext';

    it('shows what services answer as text, and nothing of it as Markdown or HTML', async () => {
      await preview();
      rig.services.named('orders-service').misbehave = () => ({
        status: 200,
        body: { deleted: { [HOSTILE]: 3 }, total: 3 },
      });
      rig.services.named('sales-service').misbehave = () => ({
        ...ANSWERS.broken,
        body: { status: 400, code: HOSTILE, detail: HOSTILE },
      });
      for (const terminal of [true, false]) {
        const { stdout, stderr } = await rig.run(
          terminal ? ['7', '--confirm', '7'] : ['7', '--resume', await lastRun()],
          {
            terminal,
            rows: 3,
          },
        );
        expect(stdout + stderr).to.match(SHOWN);
        const table = stdout.split('\n').filter((line) => line.startsWith('| '));
        const bare = table.map((line) => line.replaceAll(/\\[^a-z0-9\s]/gi, ''));
        for (const line of bare) expect(line, line).not.to.match(/[`*<>[\]&]|\b_|_\b/);
        // A cell too many would be a pipe that is none of ours.
        for (const line of bare.filter((one) => one.startsWith('| sales-service'))) {
          expect(line.match(/\|/g)?.length).to.be.oneOf([4, 10]);
        }
        expect(table.filter((line) => line.startsWith('| sales-service')).join('\n')).to.include(
          String.raw`\| a \| \`b\` \<script\>alert(1)\</script\> \*\*c\*\* \[d\](http://e) \&lt; \_f\_ \\u{1b}\[2J\\u{202e}\\u{a}next`,
        );
      }
    });
    const lastRun = async (): Promise<string> => rig.runId((await rig.run(['7', '--confirm', '7'])).stderr);

    it("shows a preview's words as text too", async () => {
      rig.services.named('orders-service').misbehave = () => ({ status: 200, body: { counts: { [HOSTILE]: 3 } } });
      rig.services.named('sales-service').misbehave = () => ({
        ...ANSWERS.broken,
        body: { status: 400, code: HOSTILE, detail: HOSTILE },
      });
      const { stdout, stderr } = await rig.run(['7', '--preview']);
      expect(stdout + stderr).to.match(SHOWN);
    });

    it('stands in the file that --report names too, for its owner alone', async () => {
      await preview();
      const { code, stdout } = await rig.run(['7', '--confirm', '7', '--report', 'proof.md']);
      expect(code).to.equal(0);
      expect(rig.cli.read('proof.md')).to.equal(stdout);
      expect(rig.cli.mode('proof.md')).to.equal(0o600);
    });

    it('is JSON there where the name ends so, of a run that is not complete too', async () => {
      await preview();
      rig.services.named('sales-service').misbehave = () => ANSWERS.broken;
      const { code, stdout } = await rig.run(['7', '--confirm', '7', '--report', 'proof.json', '--json']);
      expect(code).to.equal(1);
      expect(rig.cli.read('proof.json')).to.equal(stdout);
      expect(JSON.parse(stdout)).to.include({ state: 'incomplete', deletedTotal: 11 });
      expect(rig.cli.mode('proof.json')).to.equal(0o600);
    });

    it('is on stdout where its file cannot be written any more, exit code 1', async () => {
      await preview();
      mkdirSync(rig.cli.path('out'));
      rig.services.named('sales-service').misbehave = () => {
        rmSync(rig.cli.path('out'), { recursive: true });
        return undefined;
      };
      const { code, stdout, stderr } = await rig.run(['7', '--confirm', '7', '--report', 'out/proof.md']);
      expect(code).to.equal(1);
      expect(stdout).to.match(/^\| Outcome +\| complete: /m);
      expect(stderr).to.match(/^service-auth: ENOENT: /m);
    });
  });

  describe('the services', () => {
    it('are by default the twelve that hold data of tenants, behind the gateway that --base names', async () => {
      rmSync(rig.cli.path('services.json'));
      const [gateway] = rig.services.all;
      const asked: string[] = [];
      (gateway as FakeService).misbehave = ({ path }) => {
        asked.push(path);
        return { status: 200, body: { counts: { rows: 1 } } };
      };
      for (const slashes of ['', '//']) {
        const { services } = await rig.json(['7', '--preview', '--base', `${String(gateway?.url)}${slashes}`]);
        expect((services as Report['services']).map(({ service }) => service)).to.deep.equal(TWELVE);
        expect(asked.splice(0).sort()).to.deep.equal(
          TWELVE.map((name) => `/api/v1/${name.replace('-service', '')}/tenant/7/deletion-preview`).sort(),
        );
      }
    });

    it('are those of services.json but for the orchestrator, and those that say that they hold no data of tenants', async () => {
      const [orders, sales] = rig.services.listed();
      const others = [{ name: 'tenant-deletion-orchestrator' }, { name: 'auth-service', holdsTenantData: false }];
      rig.cli.write('services.json', JSON.stringify([...others, orders, { ...sales, holdsTenantData: true }]));
      const { services } = await rig.json(['7', '--preview']);
      expect((services as Report['services']).map(({ service }) => service)).to.deep.equal([
        'orders-service',
        'sales-service',
      ]);
      rig.cli.write('services.json', JSON.stringify(others));
      await expectUsageError(['7', '--preview'], 'No service in services.json holds data of tenants.');
    });

    it('are asked after those that they name in after', async () => {
      const [orders, sales] = rig.services.listed();
      rig.cli.write('services.json', JSON.stringify([{ ...orders, after: ['sales-service'] }, sales]));
      await preview();
      expect((await rig.run(['7', '--confirm', '7'])).code).to.equal(0);
      expect(rig.services.deletions()).to.deep.equal(['sales-service', 'orders-service']);
    });

    const ORDERS: readonly (readonly [what: string, after: readonly string[], words: string])[] = [
      ['itself', ['orders-service'], 'circle'],
      ['one that is not there', ['pos-service'], 'pos-service'],
    ];
    for (const [what, after, words] of ORDERS) {
      it(`refuses a service that is to be asked after ${what}`, async () => {
        const [orders, sales] = rig.services.listed();
        rig.cli.write('services.json', JSON.stringify([{ ...orders, after }, sales]));
        await expectNothingSent(async () => {
          const { code, stdout, stderr } = await rig.run(['7', '--preview']);
          expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
          expect(stderr)
            .to.match(/^service-auth: services /)
            .and.to.include(words);
        });
      });
    }

    it('are sent no token in the clear beyond the cluster', async () => {
      const { code, stdout } = await rig.run(['7', '--preview', '--base', 'http://services.example']);
      expect(code).to.equal(1);
      expect(stdout).to.match(/^orders-service +- +failed +(?!ENOTFOUND)\S+/m);
      expect(stdout).not.to.include('ECONN');
    });
  });

  describe('the ledger', () => {
    const PLACES: readonly (readonly [
      what: string,
      args: readonly string[],
      env: Record<string, string>,
      at: RegExp,
    ])[] = [
      ['.service-auth', [], {}, /^\.service-auth\/deletions\/[0-9a-f]{16}\.jsonl$/],
      ['the directory of SERVICE_AUTH_DIR', [], { SERVICE_AUTH_DIR: 'mine' }, /^mine\/deletions\//],
      ['the directory of --dir', ['--dir', 'own'], { SERVICE_AUTH_DIR: 'mine' }, /^own\/deletions\//],
      ['the directory of --dir, for all of Redis', ['--dir', 'own'], { REDIS_URL: 'redis://127.0.0.1:1' }, /^own\//],
    ];
    for (const [what, args, env, at] of PLACES) {
      it(`is in ${what}`, async () => {
        expect((await rig.run(['7', '--preview', ...args], { env })).code).to.equal(0);
        const ledgers = rig.ledgers();
        expect(ledgers).to.have.length(1);
        expect(ledgers[0]).to.match(at);
        expect(rig.cli.mode(String(ledgers[0]))).to.equal(0o600);
        expect((await rig.run(['7', '--confirm', '7', ...args], { env })).code).to.equal(0);
      });
    }

    it('names the directory that cannot be one, exit code 1', async () => {
      rig.cli.write('own', '');
      const { code, stdout, stderr } = await rig.run(['7', '--preview', '--dir', 'own']);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.include('The ledger in own/deletions cannot be used');
    });

    it('names Redis where it is not there, exit code 1', async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--preview'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.include('The ledger in Redis cannot be used');
    });

    describe('in Redis', () => {
      const suite = redisOfSuite();
      it('is where REDIS_URL is set, below --redis-prefix, and leaves no file', async () => {
        const env = { REDIS_URL: suite.redis.url };
        const args = ['--redis-prefix', 'mine:'];
        expect((await rig.run(['7', '--preview', ...args], { env })).code).to.equal(0);
        rig.services.named('sales-service').misbehave = () => ANSWERS.broken;
        const { code, stderr } = await rig.run(['7', '--confirm', '7', ...args], { env });
        expect(code).to.equal(1);
        const keys = await suite.client.keys('*');
        expect(keys).to.have.length(1);
        expect(keys[0]).to.match(/^mine:deletion:/);
        expect(rig.ledgers()).to.deep.equal([]);
        rig.services.named('sales-service').misbehave = undefined;
        expect((await rig.run(['7', '--resume', rig.runId(stderr)], { env })).code).to.equal(1);
        expect((await rig.run(shellWords(printedCommand(stderr)), { env })).code).to.equal(0);
        expect(JSON.stringify(await suite.client.lRange(String(keys[0]), 0, -1))).not.to.include(rig.token.slice(-20));
      });
    });
  });

  describe('the token', () => {
    const WAYS: readonly (readonly [what: string, args: readonly string[], env: Record<string, string | undefined>])[] =
      [
        ['--token-file', ['--token-file', 'job.token'], { SERVICE_TOKEN: 'x', SERVICE_TOKEN_FILE: 'nowhere' }],
        ['SERVICE_TOKEN_FILE', [], { SERVICE_TOKEN: 'x', SERVICE_TOKEN_FILE: 'job.token' }],
      ];
    for (const [what, args, env] of WAYS) {
      it(`is read from ${what}`, async () => {
        rig.cli.write('job.token', `${rig.token}\n`);
        expect((await rig.run(['7', '--preview', ...args], { env })).code).to.equal(0);
        expectAllProven(rig);
        expect(rig.services.asked).to.have.length(2);
      });
    }

    it('is read from SERVICE_TOKEN, with a line feed at its end', async () => {
      expect((await rig.run(['7', '--preview'], { env: { SERVICE_TOKEN: `${rig.token}\n` } })).code).to.equal(0);
      expectAllProven(rig);
    });

    it('is needed: exit code 2, and what makes one', async () => {
      const { code, stdout, stderr } = await rig.run(['7', '--preview'], { env: { SERVICE_TOKEN: undefined } });
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr)
        .to.include('--token-file')
        .and.to.include('service-auth generate tenant-deletion-orchestrator > token');
    });

    const BROKEN: readonly (readonly [what: string, args: readonly string[], env: Record<string, string>])[] = [
      ['a file that is not there', ['--token-file', 'nowhere'], {}],
      ['an empty file', ['--token-file', 'empty'], {}],
      ['an empty SERVICE_TOKEN', [], { SERVICE_TOKEN: '' }],
      ['a SERVICE_TOKEN that is none', [], { SERVICE_TOKEN: 'nonsense' }],
    ];
    for (const [what, args, env] of BROKEN) {
      it(`is not ${what}: exit code 1, nothing sent`, async () => {
        rig.cli.write('empty', '');
        const { code, stdout, stderr } = await rig.run(['7', '--preview', ...args], { env });
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(/^service-auth: [^\n]*\n$/);
        expect(rig.services.asked).to.deep.equal([]);
      });
    }

    it('is not sent where it has expired, and every service is named', async () => {
      const expired = forge(newSecret(), { alg: 'HS256', typ: 'JWT' }, { sub: 'x', service: 'x', exp: 1_700_000_000 });
      const { code, stdout, stderr } = await rig.run(['7', '--preview'], { env: { SERVICE_TOKEN: expired } });
      expect(code).to.equal(1);
      expect(stdout + stderr).to.match(/expired/);
      expect(rig.services.asked).to.deep.equal([]);
      expectNoPieceOf(String(expired.split('.')[2]), stdout + stderr);
    });

    it('is not shown where it was typed in the place of something else', async () => {
      const secret = newSecret();
      const short = forge(secret, { alg: 'HS256' }, { sub: 'x' });
      const [, , mac] = short.split('.');
      for (const args of [
        [short, '--preview'],
        [short, '--confirm', short],
        [short],
        [rig.token, '--preview'],
        ['7', '--confirm', short],
        ['7', '--resume', short],
        ['7', '--abandon', short],
        ['7', '--preview', '--base', short],
        ['7', '--preview', '--concurrency', short],
        ['7', '--confirm', '7', '--max-records', short],
        ['7', '--preview', '--deadline', short],
        ['7', '--preview', '--token-file', short],
        ['7', '--preview', '--services', short],
        ['7', '--confirm', '7', '--preview-id', short],
      ]) {
        const { code, stdout, stderr } = await rig.run(args);
        expect({ isRefused: code !== 0, stdout }).to.deep.equal({ isRefused: true, stdout: '' });
        expectNoPieceOf(String(mac), stderr);
      }
      expect(rig.services.asked).to.deep.equal([]);
      expect(rig.ledgers()).to.deep.equal([]);
    });

    it('is warned of where it ends soon', async () => {
      rmSync(rig.cli.path('services.json'));
      const { stdout } = await rig.cli.run([
        'generate',
        'tenant-deletion-orchestrator',
        '--days',
        '10',
        '--dir',
        'elsewhere',
      ]);
      rig.cli.write('services.json', JSON.stringify(rig.services.listed()));
      const soon = await rig.run(['7', '--preview'], { env: { SERVICE_TOKEN: stdout.trim() } });
      expect(soon.code).to.equal(0);
      expect(soon.stderr).to.match(/^Warning: Service token expires soon, .*days left 9/m);
      expect((await rig.run(['7', '--preview'])).stderr).not.to.include('Warning');
    });
  });
});

/** The command line at the end of a line. */
function printedCommand(text: string): string {
  const lines = text.trimEnd().split('\n');
  return String(/service-auth delete-tenant .*$/.exec(String(lines.at(-1)))?.[0]);
}

/** The words of a command line as bash takes them, without those that name the command. */
function shellWords(command: string): string[] {
  const { stdout } = spawnSync('bash', ['-c', `service-auth() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  return stdout.split('\0').slice(1, -1);
}
