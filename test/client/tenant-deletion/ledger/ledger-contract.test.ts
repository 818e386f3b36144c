import { expect } from 'chai';
import type { DeletionLedger, LedgerLine } from '../../../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import { fileLedger } from '../../../../lib/client/tenant-deletion/ledger/file-ledger.js';
import { memoryLedger } from '../../../../lib/client/tenant-deletion/ledger/memory-ledger.js';
import { redisLedger } from '../../../../lib/client/tenant-deletion/ledger/redis-ledger.js';
import { eventually, redisOfSuite } from '../../../support/redis-rig.js';
import { directoryOfTest, everyText, LOG, runLedgerModule, textsOf } from './support.js';

/** A ledger as the suite needs it. */
interface Kind {
  readonly name: string;
  /** Begins what is kept in; called while the suite is described. */
  readonly prepare: () => Place;
}

interface Place {
  /** Another object for the same ledger. */
  readonly open: () => DeletionLedger;
  /** What another process opens it by; undefined: it cannot. */
  readonly where: (() => string) | undefined;
}

const KINDS: readonly Kind[] = [
  {
    name: 'memoryLedger',
    prepare() {
      let ledger: DeletionLedger;
      beforeEach(() => {
        ledger = memoryLedger();
      });
      return { open: () => ledger, where: undefined };
    },
  },
  {
    name: 'fileLedger',
    prepare() {
      const directory = directoryOfTest();
      return { open: () => fileLedger(directory()), where: directory };
    },
  },
  {
    name: 'redisLedger',
    prepare() {
      const suite = redisOfSuite();
      beforeEach(() => suite.client.flushAll());
      return { open: () => redisLedger({ url: suite.redis.url }), where: () => suite.redis.url };
    },
  },
];

for (const { name, prepare } of KINDS) {
  describe(`${name}: a ledger`, function () {
    this.timeout(180_000);
    const place = prepare();
    let opened: DeletionLedger[];
    beforeEach(() => {
      opened = [];
    });
    afterEach(async () => {
      for (const ledger of opened) await ledger.close();
    });
    const open = (): DeletionLedger => {
      const ledger = place.open();
      opened.push(ledger);
      return ledger;
    };

    it('has a name', () => {
      expect(open().name).to.be.a('string').that.is.not.empty;
    });

    it('is empty where nobody has added to it', async () => {
      expect(await open().read(LOG, 0)).to.deep.equal({ lines: [], end: 0, next: 0 });
    });

    it('gives the lines back, in their order', async () => {
      const ledger = open();
      const texts = ['{"a":1}', '{"b":"Straße ☃ 😀 \u2028 \\n"}', `{"c":"${'x'.repeat(200_000)}"}`, '{}'];
      for (const text of texts) await ledger.append(LOG, text);
      expect(await everyText(ledger)).to.deep.equal(texts);
    });

    it('gives every line the position at which the ledger ended before it', async () => {
      const ledger = open();
      const ends: number[] = [];
      for (let i = 0; i < 5; i++) {
        ends.push((await ledger.read(LOG, 0)).end);
        await ledger.append(LOG, `{"i":"${'é'.repeat(i)}"}`);
      }
      const { lines, end, next } = await ledger.read(LOG, 0);
      expect(lines.map(({ position }) => position)).to.deep.equal(ends);
      expect(new Set([...ends, end]).size).to.equal(6);
      expect(next).to.equal(end);
    });

    it('reads on from where it had read to, as it reads from the beginning', async () => {
      const ledger = open();
      const seen: LedgerLine[] = [];
      let next = 0;
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < i % 3; j++) await ledger.append(LOG, `{"i":${i},"j":${j}}`);
        const part = await ledger.read(LOG, next);
        expect(part.lines).to.have.length(i % 3);
        seen.push(...part.lines);
        next = part.next;
      }
      expect((await ledger.read(LOG, 0)).lines).to.deep.equal(seen);
      expect(await ledger.read(LOG, next)).to.deep.equal({ lines: [], end: next, next });
    });

    it('keeps logs apart', async () => {
      const ledger = open();
      await ledger.append('a', '{"log":"a"}');
      await ledger.append('b', '{"log":"b"}');
      expect(await everyText(ledger, 'a')).to.deep.equal(['{"log":"a"}']);
      expect(await everyText(ledger, 'b')).to.deep.equal(['{"log":"b"}']);
      expect(await everyText(ledger, 'c')).to.deep.equal([]);
    });

    it('does not change what was read before', async () => {
      const ledger = open();
      await ledger.append(LOG, '{"i":0}');
      const before = await ledger.read(LOG, 0);
      await ledger.append(LOG, '{"i":1}');
      expect(textsOf(before)).to.deep.equal(['{"i":0}']);
    });

    it('has the line once append has resolved, for other objects too', async () => {
      const [writer, reader] = [open(), open()];
      for (let i = 0; i < 20; i++) {
        await writer.append(LOG, `{"i":${i}}`);
        expect((await everyText(reader)).at(-1)).to.equal(`{"i":${i}}`);
      }
    });

    it('loses no line where several objects add to one log at once, and all read one order', async () => {
      const ledgers = Array.from({ length: 5 }, open);
      const expected = ledgers.flatMap((_, writer) =>
        Array.from({ length: 20 }, (_line, i) => `{"writer":${writer},"i":${i}}`),
      );
      await Promise.all(expected.map((text, index) => ledgers[Math.floor(index / 20)]!.append(LOG, text)));
      const [first, ...others] = await Promise.all(ledgers.map((ledger) => ledger.read(LOG, 0)));
      expect(textsOf(first!)).to.have.members(expected);
      for (const other of others) expect(other).to.deep.equal(first);
    });

    it('can be closed twice, without having been used, and used again', async () => {
      const ledger = open();
      await ledger.close();
      await ledger.close();
      await ledger.append(LOG, '{"i":0}');
      await ledger.close();
      await ledger.append(`${LOG}b`, '{}');
      expect(await everyText(open(), `${LOG}b`)).to.deep.equal(['{}']);
      await ledger.close();
    });

    const { where } = place;
    if (where === undefined) return;

    it('has every line, whole and in one order, where several processes add to one log at once', async () => {
      const ledger = open();
      const writers = Array.from({ length: 4 }, (_, writer) =>
        runLedgerModule(
          `const ledger = await ledgerOf(argument);
           const pad = 'x'.repeat(${1 + writer * 3000});
           for (let i = 0; i < 40; i++) await ledger.append(LOG, JSON.stringify({ writer: ${writer}, i, pad }));
           await ledger.close();`,
          where(),
        ),
      );
      // One who reads while they write sees a beginning of what all see after.
      const seen: LedgerLine[] = [];
      let [isOver, isAtEnd] = [false, false];
      const reading = (async () => {
        let next = 0;
        while (!isAtEnd) {
          isAtEnd = isOver;
          const part = await ledger.read(LOG, next);
          seen.push(...part.lines);
          next = part.next;
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      const codes = await Promise.all(writers.map(({ ended }) => ended));
      isOver = true;
      await reading;
      expect(codes, writers.map(({ output }) => output()).join('')).to.deep.equal(codes.map(() => 0));
      const { lines } = await ledger.read(LOG, 0);
      expect(seen).to.deep.equal(lines);
      expect(lines).to.have.length(160);
      const records = lines.map(({ text }) => JSON.parse(text) as { writer: number; i: number; pad: string });
      for (let writer = 0; writer < 4; writer++) {
        const own = records.filter((record) => record.writer === writer);
        expect(own.map(({ i }) => i)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i));
        expect(own.every(({ pad }) => pad.length === 1 + writer * 3000)).to.equal(true);
      }
    });

    it('has every line that a process was told of before it was killed', async () => {
      const ledger = open();
      for (const lines of [1, 15, 40]) {
        const log = `killed${lines}`;
        const child = runLedgerModule(
          `const ledger = await ledgerOf(argument);
           for (let i = 0; ; i++) { await ledger.append('${log}', JSON.stringify({ i, pad: 'x'.repeat(5000) })); console.log(i); }`,
          where(),
        );
        await eventually(() => child.output().split('\n').length > lines);
        await child.stop();
        const told = Number(child.output().trim().split('\n').at(-1));
        await ledger.append(log, '{"i":"after"}');
        const texts = await everyText(ledger, log);
        const numbers = texts.flatMap((text) => {
          try {
            return [(JSON.parse(text) as { i: unknown }).i];
          } catch {
            return [];
          }
        });
        expect(numbers.slice(0, told + 1)).to.deep.equal(Array.from({ length: told + 1 }, (_, i) => i));
        expect(numbers.at(-1)).to.equal('after');
      }
    });

    it('gives a lock to one process at a time, and loses no record', async () => {
      const ledger = open();
      const children = Array.from({ length: 3 }, () =>
        runLedgerModule(
          `const ledger = await ledgerOf(argument);
           const { takeLease } = await folder('tenant-log.ts');
           let taken = 0;
           while (taken < 4) {
             let lease;
             try { lease = await takeLease({ ledger, log: LOG }); }
             catch (error) {
               if (error.code !== 'run_in_progress') throw error;
               await new Promise((resolve) => setTimeout(resolve, 5 + 20 * Math.random()));
               continue;
             }
             taken++;
             console.log(JSON.stringify({ epoch: lease.history.epoch, from: process.hrtime.bigint().toString() }));
             for (let i = 0; i < 3; i++) await lease.write({ type: 'renew' });
             console.log(JSON.stringify({ epoch: lease.history.epoch, to: process.hrtime.bigint().toString() }));
             await lease.release();
           }
           await ledger.close();`,
          where(),
        ),
      );
      const codes = await Promise.all(children.map(({ ended }) => ended));
      const output = children.map((child) => child.output()).join('');
      expect(codes, output).to.deep.equal([0, 0, 0]);
      const held = new Map<number, { from: bigint; to: bigint }>();
      for (const line of output.trim().split('\n')) {
        const { epoch, from, to } = JSON.parse(line) as { epoch: number; from?: string; to?: string };
        if (from !== undefined) {
          expect(held.has(epoch), 'an epoch of two').to.equal(false);
          held.set(epoch, { from: BigInt(from), to: 0n });
        } else held.get(epoch)!.to = BigInt(to!);
      }
      const times = [...held].sort(([a], [b]) => a - b);
      expect(times.map(([epoch]) => epoch)).to.deep.equal(Array.from({ length: 12 }, (_, i) => i + 1));
      for (let i = 1; i < times.length; i++) expect(times[i]![1].from > times[i - 1]![1].to).to.equal(true);
      const texts = await everyText(ledger);
      expect(texts.filter((text) => text.includes('"renew"'))).to.have.length(36);
      expect(texts.filter((text) => text.includes('"unlock"'))).to.have.length(12);
    });
  });
}
