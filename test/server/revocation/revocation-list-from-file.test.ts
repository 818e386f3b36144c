import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { formatRevocations } from '../../../lib/server/revocation/revocation-file.js';
import { revocationListFromFile } from '../../../lib/server/revocation/revocation-list-from-file.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import type { Revocation } from '../../../lib/shared/revocation.js';
import { type RecordingLogger, recordingLogger } from '../../support/recording-logger.js';
import { misconfiguredBy, refusalOf, thrownBy } from '../../support/refusals.js';
import { shown } from '../../support/shown.js';

describe('revocationListFromFile', () => {
  let directory: string;
  let path: string;
  let clock: sinon.SinonFakeTimers;
  let logger: RecordingLogger;
  let list: WatchedRevocationList | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'service-auth-revocations-'));
    path = join(directory, 'revocations.json');
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
    logger = recordingLogger();
    write([]);
  });
  afterEach(async () => {
    await list?.close();
    list = undefined;
    clock.restore();
    rmSync(directory, { recursive: true });
  });

  const write = (entries: readonly Revocation[]): void => {
    writeFileSync(path, formatRevocations(entries));
  };
  const open = (options = {}): WatchedRevocationList => (list = revocationListFromFile(path, { logger, ...options }));
  const levels = (): readonly string[] => logger.lines.map(({ level }) => level);

  it('has what the file holds, at once', async () => {
    write([{ tokenId: 'a' }, { service: 'orders-service', issuedBefore: 100 }]);
    const revocations = open();
    await revocations.ready();
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
    expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(false);
    expect(revocations.isRevoked({ service: 'orders-service', issuedAt: 99 })).to.equal(true);
    expect(revocations.isRevoked({ service: 'orders-service', issuedAt: 100 })).to.equal(false);
    expect(revocations.entries()).to.have.length(2);
  });

  it('follows the file within two seconds, written in place or by rename', () => {
    const revocations = open();
    write([{ tokenId: 'a' }]);
    clock.tick(2000);
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
    writeFileSync(`${path}.new`, formatRevocations([{ tokenId: 'b' }]));
    renameSync(`${path}.new`, path);
    clock.tick(2000);
    expect([revocations.isRevoked({ tokenId: 'a' }), revocations.isRevoked({ tokenId: 'b' })]).to.deep.equal([
      false,
      true,
    ]);
    expect(logger.lines.map(({ message, fields }) => [message, fields?.['entries']])).to.deep.equal([
      ['Revocations changed', 1],
      ['Revocations changed', 1],
    ]);
  });

  it('sees a second change within one tick of the clock of the file system', () => {
    const revocations = open();
    const time = new Date(Date.now() - 1000);
    write([{ tokenId: 'a' }]);
    utimesSync(path, time, time);
    clock.tick(1000);
    // As long, and with the same time.
    write([{ tokenId: 'b' }]);
    utimesSync(path, time, time);
    clock.tick(1000);
    expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(true);
  });

  it('does not read a file again whose times say that it is the same', () => {
    const revocations = open();
    clock.tick(10_000);
    const reads = sinon.spy(fs, 'readFileSync');
    syncBuiltinESMExports();
    try {
      clock.tick(60_000);
      expect(reads.withArgs(path).callCount).to.equal(0);
      expect(revocations.stalenessSeconds()).to.be.at.most(1);
      write([{ tokenId: 'a' }]);
      clock.tick(1000);
      expect(reads.withArgs(path).callCount).to.equal(1);
    } finally {
      reads.restore();
      syncBuiltinESMExports();
    }
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
    expect(levels()).to.deep.equal(['info']);
  });

  it('has an entry in force for as long as it stays in the file', () => {
    write([{ tokenId: 'a' }, { service: 'orders-service', issuedBefore: 100 }]);
    const revocations = open();
    write([{ service: 'orders-service', issuedBefore: 50 }]);
    clock.tick(2000);
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(false);
    expect(revocations.isRevoked({ service: 'orders-service', issuedAt: 49 })).to.equal(true);
    expect(revocations.isRevoked({ service: 'orders-service', issuedAt: 50 })).to.equal(false);
    expect(revocations.entries()).to.deep.equal([{ service: 'orders-service', issuedBefore: 50 }]);
  });

  for (const [what, text] of [
    ['cut short', '{"version":1'],
    ['empty', ''],
    ['of an entry that nobody understands', '{"version":1,"revocations":[{"tokenID":"a"}]}'],
  ] as const) {
    it(`keeps the last list where the file is ${what}, says so, and goes on when it is whole again`, () => {
      write([{ tokenId: 'a' }]);
      const revocations = open();
      writeFileSync(path, text);
      clock.tick(1000);
      // Once may be a file that is just being written.
      expect(levels()).to.deep.equal([]);
      clock.tick(5000);
      expect(levels()).to.deep.equal(['error']);
      expect(logger.lines[0]?.fields).to.include({ path }).and.to.have.property('stalenessSeconds');
      expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
      expect(revocations.stalenessSeconds()).to.be.at.least(5);
      clock.tick(60_000);
      expect(levels()).to.deep.equal(['error', 'error']);
      write([{ tokenId: 'a' }, { tokenId: 'b' }]);
      clock.tick(2000);
      expect(levels()).to.deep.equal(['error', 'error', 'info', 'info']);
      expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(true);
      expect(revocations.stalenessSeconds()).to.be.at.most(1);
    });
  }

  const GONE: Readonly<Record<string, () => void>> = {
    gone: () => {
      rmSync(path);
    },
    'a directory': () => {
      rmSync(path);
      mkdirSync(path);
    },
    'no text': () => {
      writeFileSync(path, new Uint8Array([0xff, 0xfe, 0x00]));
    },
  };
  for (const [what, damage] of Object.entries(GONE)) {
    it(`keeps the last list where the file is ${what}, says so once, and goes on when it is back`, () => {
      write([{ tokenId: 'a' }]);
      const revocations = open();
      damage();
      clock.tick(30_000);
      expect(levels()).to.deep.equal(['error']);
      expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
      expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(false);
      expect(revocations.stalenessSeconds()).to.be.within(29, 31);
      rmSync(path, { recursive: true, force: true });
      write([{ tokenId: 'a' }]);
      clock.tick(2000);
      expect(levels()).to.deep.equal(['error', 'info']);
      expect(revocations.stalenessSeconds()).to.be.at.most(1);
      write([{ tokenId: 'b' }]);
      clock.tick(2000);
      expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(true);
    });
  }

  it('goes on also where the very file comes back that was broken meanwhile, with its old times', () => {
    write([{ tokenId: 'a' }]);
    const revocations = open({ maxStalenessSeconds: 10 });
    clock.tick(5000);
    renameSync(path, `${path}.away`);
    clock.tick(12_000);
    expect(refusalOf(() => revocations.isRevoked({}))).to.deep.equal({ code: 'revocations_stale', reason: 'too_old' });
    renameSync(`${path}.away`, path);
    clock.tick(2000);
    expect([revocations.isRevoked({ tokenId: 'a' }), revocations.isRevoked({})]).to.deep.equal([true, false]);
    expect(levels()).to.deep.equal(['error', 'info']);
  });

  it('refuses everybody where it is older than it may be, and nobody once it is read again', () => {
    const revocations = open({ maxStalenessSeconds: 10 });
    const text = formatRevocations([]);
    writeFileSync(path, '');
    clock.tick(9000);
    expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(false);
    clock.tick(3000);
    const act = (): unknown => revocations.isRevoked({ tokenId: 'b' });
    expect(refusalOf(act)).to.deep.equal({ code: 'revocations_stale', reason: 'too_old' });
    expect(thrownBy(act)).to.have.property('status', 503);
    writeFileSync(path, text);
    clock.tick(2000);
    expect(revocations.isRevoked({ tokenId: 'b' })).to.equal(false);
  });

  it('follows no longer once it is closed, and keeps what it knows', async () => {
    write([{ tokenId: 'a' }]);
    const revocations = open();
    await revocations.close();
    write([]);
    clock.tick(5000);
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
  });

  it('needs a file at first', () => {
    rmSync(path);
    expect(misconfiguredBy(() => open())).to.equal('revocationListFromFile');
    writeFileSync(path, '{}');
    expect(misconfiguredBy(() => open())).to.include('revocationListFromFile');
    write([]);
    open();
  });

  for (const value of ['', 5, undefined, null]) {
    it(`refuses the path ${shown(value)}`, () => {
      expect(misconfiguredBy(() => revocationListFromFile(value as never))).to.equal('path');
    });
  }

  for (const value of [0, 4, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', 604_801]) {
    it(`refuses maxStalenessSeconds: ${shown(value)}`, () => {
      expect(misconfiguredBy(() => open({ maxStalenessSeconds: value }))).to.equal('maxStalenessSeconds');
      open({ maxStalenessSeconds: 5 });
    });
  }

  it('refuses an option that is misspelt, and no logger', () => {
    expect(misconfiguredBy(() => open({ maxStaleness: 5 }))).to.equal("'maxStaleness'");
    expect(misconfiguredBy(() => open({ logger: {} }))).to.equal('logger');
  });

  it('is not disturbed by a logger that fails', () => {
    const failing = () => {
      throw new Error('no log');
    };
    const revocations = open({ logger: { debug: failing, info: failing, warn: failing, error: failing } });
    write([{ tokenId: 'a' }]);
    clock.tick(2000);
    expect(revocations.isRevoked({ tokenId: 'a' })).to.equal(true);
  });
});
