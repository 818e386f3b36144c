import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { type WatchedTlsPair, watchTlsPair } from '../../../lib/cli/gateway/tls-pair.js';
import { newEcPair } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { eventually } from '../../support/redis-rig.js';
import { createTestCli, type TestCli } from '../cli.js';
import { makeCertificate, type TestCertificate } from './certificates.js';

describe('watchTlsPair', function () {
  this.timeout(60_000);
  let cli: TestCli;
  let one: TestCertificate;
  let two: TestCertificate;
  let pair: WatchedTlsPair | undefined;
  before(function () {
    needsProgram(this, 'openssl');
    cli = createTestCli();
    mkdirSync(cli.path('made'));
    one = makeCertificate(cli.path('made'), 'one');
    two = makeCertificate(cli.path('made'), 'two');
  });
  beforeEach(() => {
    write(one.cert, one.key);
  });
  afterEach(() => {
    pair?.close();
    pair = undefined;
  });
  after(() => {
    cli.remove();
  });

  const write = (cert: string, key: string): void => {
    cli.write('tls.crt', cert);
    cli.write('tls.key', key);
  };
  const watch = (onChange: (pair: WatchedTlsPair) => void = () => undefined, logger = recordingLogger()) =>
    (pair = watchTlsPair({ cert: cli.path('tls.crt'), key: cli.path('tls.key') }, logger, onChange));

  it('reads both, and says when the certificate ends', () => {
    const { files, expiresAt } = watch();
    expect(files()).to.deep.equal({ cert: one.cert.trim(), key: one.key.trim() });
    expect(expiresAt().getTime()).to.be.greaterThan(Date.now());
  });

  it('tells of a new pair', async () => {
    const told: WatchedTlsPair[] = [];
    const watched = watch((changed) => told.push(changed));
    write(two.cert, two.key);
    await eventually(() => told.length > 0);
    expect(told).to.deep.equal([watched]);
    expect(watched.files().cert).to.equal(two.cert.trim());
  });

  it('keeps the pair in force while the files do not go together, and says so', async () => {
    const logger = recordingLogger();
    const told: unknown[] = [];
    const watched = watch((changed) => told.push(changed), logger);
    cli.write('tls.crt', two.cert);
    await eventually(() => logger.lines.some(({ level }) => level === 'error'));
    expect(watched.files().cert).to.equal(one.cert.trim());
    expect(told).to.deep.equal([]);
    expect(logger.lines[0]?.fields?.['reason']).to.match(/^tls\.key is not the key of the certificate/);
    cli.write('tls.key', two.key);
    await eventually(() => told.length > 0);
    expect(logger.lines.map(({ message }) => message)).to.include('Certificate and key can be read again');
  });

  it('refuses what is no pair, and names the file at fault', () => {
    const TABLE: readonly (readonly [cert: string, key: string, setting: string])[] = [
      ['nothing', one.key, 'tls.cert'],
      [one.cert, 'nothing', 'tls.key'],
      [one.cert, two.key, 'tls.key'],
      [one.cert, newEcPair().privatePem, 'tls.key'],
      [`${one.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, one.key, 'tls.cert'],
    ];
    for (const [cert, key, setting] of TABLE) {
      write(cert, key);
      expect(() => watch())
        .to.throw()
        .with.property('setting', setting);
    }
    write(one.cert, one.key);
    expect(() => watch()).not.to.throw();
  });
});
