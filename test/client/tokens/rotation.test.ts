import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import { createServiceClient, type RefreshEvent, tokenFromFile } from '../../../lib/client/index.js';
import { contextFromGateway, requireService } from '../../../lib/server/index.js';
import { createRevocationList, createServiceToken, createTokenVerifier } from '../../../lib/shared/index.js';
import { newSecret } from '../../support/keys.js';
import { withoutNock } from '../../support/without-nock.js';
import { memoryLogger } from '../support.js';

/** Mounts a secret as Kubernetes does: `..data` leads to the folder of now, and is swapped at once. */
function mount(folder: string, version: number, token: string): void {
  const data = join(folder, `..version-${version}`);
  mkdirSync(data);
  writeFileSync(join(data, 'token'), `${token}\n`, { mode: 0o400 });
  symlinkSync(data, join(folder, '..data-next'));
  renameSync(join(folder, '..data-next'), join(folder, '..data'));
  if (version === 0) symlinkSync(join('..data', 'token'), join(folder, 'token'));
  else rmSync(join(folder, `..version-${version - 1}`), { recursive: true });
}

describe('a mounted token that is rotated', () => {
  withoutNock();
  let folder: string;
  let server: Server;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('loses none of 50 requests a second, although each old token is revoked at once', async () => {
    const keys = { current: newSecret() };
    const revocations = createRevocationList();
    const logger = memoryLogger();
    const app = express();
    app.use(contextFromGateway({ keys, audience: 'orders-service', revocations, logger }));
    app.get('/', requireService({ logger }), (req, res) => {
      res.send(req.user?.tokenId);
    });
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    const verifier = createTokenVerifier({ keys });
    const mint = (): { token: string; id: string } => {
      const token = createServiceToken('sales-service', { keys, expiresInSeconds: 3600 });
      return { token, id: verifier.verify(token).jti as string };
    };
    let current = mint();
    mount(folder, 0, current.token);
    const client = createServiceClient(tokenFromFile(join(folder, 'token'), { logger }), {
      baseURL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      logger,
    });
    const refreshes: RefreshEvent[] = [];
    client.events.on('refresh', (event) => refreshes.push(event));

    const answers: Promise<{ data: string }>[] = [];
    const ids = [current.id];
    for (let i = 0; i < 150; i++) {
      if (i > 0 && i % 40 === 0) {
        const next = mint();
        mount(folder, i / 40, next.token);
        revocations.revokeToken(current.id);
        current = next;
        ids.push(next.id);
      }
      const answer = client.get<string>('/');
      // Awaited below, when others may have failed before.
      answer.catch(() => undefined);
      answers.push(answer);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const used = new Set((await Promise.all(answers)).map(({ data }) => data));
    expect([...used]).to.deep.equal(ids);
    expect(refreshes.filter(({ reason }) => reason === 'unauthorized').every(({ isRenewed }) => isRenewed)).to.equal(
      true,
    );
    expect(refreshes.length).to.be.greaterThan(2);
  });
});
