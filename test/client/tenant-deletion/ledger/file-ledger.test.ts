import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { fileLedger } from '../../../../lib/client/tenant-deletion/ledger/file-ledger.js';
import { newHolder } from '../../../../lib/client/tenant-deletion/ledger/holder.js';
import type { LedgerRecord } from '../../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import { emptyHistory, readOn } from '../../../../lib/client/tenant-deletion/ledger/tenant-history.js';
import { readHistory, takeLease } from '../../../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { needsProgram } from '../../../support/needs-program.js';
import { add, addLock, AT, directoryOfTest, everyText, failureOf, LOG, runLedgerModule, textsOf } from './support.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('fileLedger', function () {
  this.timeout(180_000);
  const directory = directoryOfTest();
  const pathOf = (log = LOG): string => join(directory(), `${log}.jsonl`);

  it('is named as it is asked to, else after its directory', () => {
    expect(fileLedger('a/b').name).to.equal('a/b');
    expect(fileLedger('/a/b', 'the ledger').name).to.equal('the ledger');
  });

  it('makes nothing where it only reads', async () => {
    const path = join(directory(), 'a');
    expect(await everyText(fileLedger(path))).to.deep.equal([]);
    expect(existsSync(path)).to.equal(false);
  });

  it('makes directories and files for the owner alone, where the umask forbids nothing', async () => {
    const before = process.umask(0);
    try {
      await fileLedger(join(directory(), 'a', 'b')).append(LOG, '{}');
    } finally {
      process.umask(before);
    }
    expect(modeOf(join(directory(), 'a'))).to.equal(0o700);
    expect(modeOf(join(directory(), 'a', 'b'))).to.equal(0o700);
    expect(modeOf(join(directory(), 'a', 'b', `${LOG}.jsonl`))).to.equal(0o600);
  });

  it('leaves the modes of what is there', async () => {
    const ledger = fileLedger(directory());
    await ledger.append(LOG, '{}');
    chmodSync(directory(), 0o750);
    chmodSync(pathOf(), 0o640);
    await ledger.append(LOG, '{}');
    await ledger.append('another', '{}');
    expect([modeOf(directory()), modeOf(pathOf()), modeOf(pathOf('another'))]).to.deep.equal([0o750, 0o640, 0o600]);
  });

  it('stays in the directory that it was made for, wherever the process goes', async () => {
    const before = process.cwd();
    const ledger = fileLedger(relative(before, directory()));
    process.chdir('/');
    try {
      await ledger.append(LOG, '{}');
    } finally {
      process.chdir(before);
    }
    expect(existsSync(pathOf())).to.equal(true);
  });

  describe('what is on the disk when append resolves', () => {
    let synced: string[];
    const { open } = fsPromises;
    beforeEach(() => {
      synced = [];
      fsPromises.open = async (path, ...rest) => {
        const file = await open(path, ...rest);
        for (const method of ['sync', 'datasync'] as const) {
          const real = file[method].bind(file);
          file[method] = async () => {
            await real();
            synced.push(`${method} ${relative(directory(), String(path))}`);
          };
        }
        return file;
      };
      syncBuiltinESMExports();
    });
    afterEach(() => {
      fsPromises.open = open;
      syncBuiltinESMExports();
    });

    it('is the line, and everything that was made for it', async () => {
      await fileLedger(join(directory(), 'a', 'b')).append('log', '{}');
      expect(synced).to.deep.equal([
        `sync ${join('a', 'b')}`,
        'sync a',
        'sync ',
        `datasync ${join('a', 'b', 'log.jsonl')}`,
      ]);
    });

    it('is the file in its directory, where that is there', async () => {
      const ledger = fileLedger(directory());
      await ledger.append('log', '{}');
      await ledger.append('log', '{}');
      expect(synced).to.deep.equal(['sync ', 'datasync log.jsonl', 'datasync log.jsonl']);
    });

    it('is no promise where the disk does not say so', async () => {
      const counted = fsPromises.open;
      let closed = 0;
      for (const broken of ['sync', 'datasync'] as const) {
        closed = 0;
        fsPromises.open = async (path, ...rest) => {
          const file = await counted(path, ...rest);
          const close = file.close.bind(file);
          file.close = () => {
            closed++;
            return close();
          };
          file[broken] = () => Promise.reject(Object.assign(new Error('i/o'), { code: 'EIO' }));
          return file;
        };
        syncBuiltinESMExports();
        const error = await failureOf(fileLedger(join(directory(), broken), 'the ledger').append(LOG, '{}'));
        expect(error.message).to.include('the ledger').and.to.include('EIO');
        // The file and its directory.
        expect(closed).to.be.greaterThan(1);
      }
    });
  });

  describe('what stands in its way', () => {
    const refuses = async (act: () => Promise<unknown>, code: string): Promise<void> => {
      const error = await failureOf(act());
      expect(error.code).to.equal('ledger_unavailable');
      expect(error.message).to.include('the ledger').and.to.include(code);
      expect(error.cause).to.be.an('error');
    };

    it('is a symbolic link instead of the file, dangling or not, even to a ledger', async () => {
      const ledger = fileLedger(directory(), 'the ledger');
      await ledger.append('real', '{}');
      symlinkSync(pathOf('real'), pathOf('link'));
      symlinkSync(join(directory(), 'nowhere'), pathOf('dangling'));
      for (const log of ['link', 'dangling']) {
        await refuses(() => ledger.append(log, '{"a":1}'), 'ELOOP');
        await refuses(() => ledger.read(log, 0), 'ELOOP');
      }
      expect(existsSync(join(directory(), 'nowhere'))).to.equal(false);
      expect(await everyText(ledger, 'real')).to.deep.equal(['{}']);
    });

    it('is not a symbolic link to the directory', async () => {
      mkdirSync(join(directory(), 'real'));
      symlinkSync('real', join(directory(), 'link'));
      await fileLedger(join(directory(), 'link')).append(LOG, '{}');
      expect(await everyText(fileLedger(join(directory(), 'real')))).to.deep.equal(['{}']);
    });

    it('is a directory instead of the file', async () => {
      const ledger = fileLedger(directory(), 'the ledger');
      mkdirSync(pathOf());
      await refuses(() => ledger.append(LOG, '{}'), 'EISDIR');
      writeFileSync(join(pathOf(), 'something'), '');
      await refuses(() => ledger.read(LOG, 0), 'EISDIR');
      await ledger.append('another', '{}');
    });

    it('is a file instead of the directory', async () => {
      writeFileSync(join(directory(), 'file'), '');
      for (const path of ['file', join('file', 'below')]) {
        const ledger = fileLedger(join(directory(), path), 'the ledger');
        await refuses(() => ledger.append(LOG, '{}'), 'ENOTDIR');
        await refuses(() => ledger.read(LOG, 0), 'ENOTDIR');
      }
    });

    it('is a file of more than 64 MiB, and not one of exactly so much', async () => {
      const ledger = fileLedger(directory(), 'the ledger');
      writeFileSync(pathOf(), '\n{"i":0}\n');
      truncateSync(pathOf(), 64 * 1024 * 1024);
      expect((await ledger.read(LOG, 0)).lines[0]).to.deep.equal({ text: '{"i":0}', position: 0 });
      truncateSync(pathOf(), 64 * 1024 * 1024 + 1);
      await refuses(() => ledger.read(LOG, 0), 'bytes');
    });

    it('is a disk that is full: nothing before is lost, and the ledger goes on when it is not', async function () {
      const prlimit = needsProgram(this, 'prlimit');
      const child = runLedgerModule(
        `const { execFileSync } = await import('node:child_process');
         const limit = (size) => execFileSync(${JSON.stringify(prlimit)}, ['--pid', String(process.pid), '--fsize=' + size + ':']);
         const ledger = await ledgerOf(argument);
         await ledger.append(LOG, '{"i":0}');
         limit(100);
         const told = [];
         for (let i = 1; i < 4; i++) {
           try { await ledger.append(LOG, JSON.stringify({ i, pad: 'x'.repeat(60) })); told.push('kept'); }
           catch (error) { told.push(error.code + ' ' + error.message.includes(argument)); }
         }
         limit('unlimited');
         await ledger.append(LOG, '{"i":4}');
         console.log(JSON.stringify({ told, texts: (await ledger.read(LOG, 0)).lines.map(({ text }) => text) }));`,
        directory(),
      );
      expect(await child.ended, child.output()).to.equal(0);
      const { told, texts } = JSON.parse(child.output()) as { told: readonly string[]; texts: readonly string[] };
      // The second is written in part; there is no room for a byte of the third.
      expect(told).to.deep.equal(['kept', 'ledger_unavailable true', 'ledger_unavailable true']);
      expect([texts[0], texts[1]?.slice(0, 6), texts.at(-1)]).to.deep.equal(['{"i":0}', '{"i":1', '{"i":4}']);
      expect(texts).to.have.length(4);
      expect(() => JSON.parse(texts[2]!)).to.throw(SyntaxError);
    });
  });

  describe('a last line that a crash has torn', () => {
    const services = [{ name: 'orders-service', url: 'http://orders-service:8000' }];
    const at = AT;
    const run: LedgerRecord = {
      type: 'run',
      epoch: 1,
      n: 1,
      at,
      runId: 'r',
      tenantId: 'ü☃😀',
      requestedBy: 'x',
      services,
    };
    const intention: LedgerRecord = {
      type: 'intention',
      epoch: 1,
      n: 2,
      at,
      runId: 'r',
      service: 'orders-service',
      attempt: 1,
    };
    const outcome: LedgerRecord = {
      ...intention,
      type: 'outcome',
      n: 3,
      outcome: { status: 'deleted', counts: { 'Bestellungen für ☃': 3 }, total: 3 },
      tries: 1,
      mayHaveRun: true,
    };
    const dead = { ...newHolder(), id: 'dead', pid: 2 ** 30 };
    const lock: LedgerRecord = { type: 'lock', epoch: 1, seen: 0, holder: dead, at };
    const CASES: readonly (readonly [what: string, records: readonly LedgerRecord[]])[] = [
      ['a lock', [lock]],
      ['a run', [lock, run]],
      ['an outcome', [lock, run, intention, outcome]],
    ];

    for (const [what, records] of CASES) {
      it(`loses nothing before it, wherever ${what} is cut, and the next process goes on`, async () => {
        const whole = fileLedger(join(directory(), 'whole'));
        await add(whole, ...records);
        const bytes = readFileSync(join(directory(), 'whole', `${LOG}.jsonl`));
        const last = JSON.stringify(records.at(-1));
        const start = bytes.length - Buffer.byteLength(last) - 2;
        for (let cut = start; cut <= bytes.length; cut++) {
          const ledger = fileLedger(join(directory(), String(cut)));
          mkdirSync(join(directory(), String(cut)));
          const path = join(directory(), String(cut), `${LOG}.jsonl`);
          writeFileSync(path, bytes.subarray(0, cut));
          const isWhole = cut >= bytes.length - 1;
          const before = records.slice(0, -1).map((record) => JSON.stringify(record));

          const torn = await ledger.read(LOG, 0);
          expect(textsOf(torn)).to.deep.equal(cut === bytes.length ? [...before, last] : before);
          expect(torn.end).to.equal(cut);

          const lease = await takeLease({ ledger, log: LOG });
          expect(lease.history.epoch).to.equal(isWhole || what !== 'a lock' ? 2 : 1);
          expect(lease.history.runs.has('r')).to.equal(what === 'an outcome' || (what === 'a run' && isWhole));
          if (what === 'an outcome') {
            await lease.write({ type: 'resume', runId: 'r', requestedBy: 'y' });
            const service = lease.history.runs.get('r')?.services.get('orders-service');
            expect(service?.outcome?.status).to.equal(isWhole ? 'deleted' : undefined);
            expect(service?.isOpen).to.equal(!isWhole);
          }
          await lease.release();

          // Who had read the torn line reads on to the same as who begins.
          const { lines } = await ledger.read(LOG, 0);
          const rest = await ledger.read(LOG, torn.next);
          expect([...torn.lines, ...rest.lines]).to.deep.equal(lines);
          const readers = [emptyHistory(), emptyHistory()] as const;
          readOn(readers[0], torn);
          readOn(readers[0], rest);
          readOn(readers[1], await ledger.read(LOG, 0));
          expect(readers[0]).to.deep.equal(readers[1]);
          // It has the lock at its first try.
          if (what !== 'a lock') expect(lines.filter(({ text }) => text.includes('"lock"'))).to.have.length(2);
          // Whole again: nothing is joined to what was torn.
          expect(lines.at(-1)?.text).to.include('"unlock"');
        }
      });
    }

    it('is passed over where another was torn before it', async () => {
      const ledger = fileLedger(directory());
      await add(ledger, lock, run);
      for (const torn of ['\n', '\n{"ty', '\n{"type":"intention","epoch":1', '\n']) {
        appendFileSync(pathOf(), torn);
        const known = await readHistory(ledger, LOG);
        await addLock(ledger, known.epoch + 1, { holder: dead });
        expect((await readHistory(ledger, LOG)).epoch).to.equal(known.epoch + 1);
      }
      expect((await readHistory(ledger, LOG)).runs.has('r')).to.equal(true);
    });

    it('is passed over where the disk has put zeros into its place', async () => {
      const ledger = fileLedger(directory());
      await add(ledger, lock);
      appendFileSync(pathOf(), Buffer.alloc(4096));
      await add(ledger, run);
      expect((await readHistory(ledger, LOG)).runs.has('r')).to.equal(true);
    });

    it('is read when it is finished, once', async () => {
      const ledger = fileLedger(directory());
      await ledger.append(LOG, '{"i":0}');
      appendFileSync(pathOf(), '\n{"i":');
      const part = await ledger.read(LOG, 0);
      expect(part.next).to.be.lessThan(part.end);
      expect(await ledger.read(LOG, part.next)).to.deep.equal({ lines: [], end: part.end, next: part.next });
      appendFileSync(pathOf(), '1}\n');
      const { lines, next, end } = await ledger.read(LOG, part.next);
      expect(lines).to.deep.equal([{ text: '{"i":1}', position: 9 }]);
      expect(next).to.equal(end);
    });
  });

  describe('a file that somebody else has touched', () => {
    it('is read where its first line does not begin as ours do', async () => {
      const ledger = fileLedger(directory());
      writeFileSync(pathOf(), '{"i":0}');
      expect(await ledger.read(LOG, 0)).to.deep.equal({ lines: [], end: 7, next: 0 });
      await ledger.append(LOG, '{"i":1}');
      expect(await everyText(ledger)).to.deep.equal(['{"i":0}', '{"i":1}']);
    });

    it('has nothing behind its end where it was cut', async () => {
      const ledger = fileLedger(directory());
      await ledger.append(LOG, '{"i":0}');
      const { next } = await ledger.read(LOG, 0);
      truncateSync(pathOf(), 0);
      expect(await ledger.read(LOG, next)).to.deep.equal({ lines: [], end: next, next });
    });

    it('is read as far as it goes where it is cut while it is read', async () => {
      const ledger = fileLedger(directory());
      await ledger.append(LOG, '{"i":0}');
      const { open } = fsPromises;
      fsPromises.open = async (...args) => {
        const file = await open(...args);
        file.stat = (() => Promise.resolve({ size: 1000 })) as never;
        return file;
      };
      syncBuiltinESMExports();
      try {
        expect(await ledger.read(LOG, 0)).to.deep.equal({ lines: [{ text: '{"i":0}', position: 0 }], end: 9, next: 9 });
      } finally {
        fsPromises.open = open;
        syncBuiltinESMExports();
      }
    });
  });
});
