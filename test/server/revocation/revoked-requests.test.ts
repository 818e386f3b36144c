import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import sinon from 'sinon';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { requireService } from '../../../lib/server/require-service.js';
import { formatRevocations } from '../../../lib/server/revocation/revocation-file.js';
import { revocationListFromFile } from '../../../lib/server/revocation/revocation-list-from-file.js';
import { revocationListFromRedis } from '../../../lib/server/revocation/revocation-list-from-redis.js';
import { redisRevocationKeys, storeRevocation } from '../../../lib/server/revocation/redis-revocations.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import type { Revocation } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { decodePart } from '../../support/forge.js';
import { closeRig, PREFIX, refused, rig } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import type { ExpressFactory } from '../../support/probe.js';
import { assertionFor, assertionLine, bearerLine, HERE } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { send } from '../../support/wire.js';
import { connected, eventually } from '../../support/redis-rig.js';

const secret = newSecret();
const tokenOf = (service: string): string => createServiceToken(service, { keys: secret });

/** A list that follows something, and what happens to that. */
interface Source {
  readonly list: WatchedRevocationList;
  /** Adds an entry, and waits until the list may be expected to have it. */
  readonly revoke: (entry: Revocation) => Promise<void>;
  /** Takes away what the list follows, and waits until it is older than 5 s. */
  readonly lose: () => Promise<void>;
  readonly bringBack: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function followFile(): Promise<Source> {
  const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const directory = mkdtempSync(join(tmpdir(), 'service-auth-'));
  const path = join(directory, 'revocations.json');
  const entries: Revocation[] = [];
  const write = (): Promise<void> => {
    writeFileSync(path, formatRevocations(entries));
    // Within which a change is in force.
    clock.tick(2000);
    return Promise.resolve();
  };
  await write();
  const list = revocationListFromFile(path, { maxStalenessSeconds: 5, logger: recordingLogger() });
  return {
    list,
    revoke: (entry) => {
      entries.push(entry);
      return write();
    },
    lose: () => {
      rmSync(path);
      clock.tick(7000);
      return Promise.resolve();
    },
    bringBack: write,
    close: async () => {
      await list.close();
      clock.restore();
      rmSync(directory, { recursive: true });
    },
  };
}

async function followRedis(context: Mocha.Context): Promise<Source> {
  const redis: RedisServer = await startRedis(needsProgram(context, 'redis-server'));
  const client = await connected(redis.url);
  const clock = sinon.useFakeTimers({ toFake: ['performance'] });
  const list = revocationListFromRedis({ url: redis.url, maxStalenessSeconds: 5, logger: recordingLogger() });
  await list.ready();
  return {
    list,
    revoke: async (entry) => {
      const before = list.entries().length;
      await storeRevocation(client, redisRevocationKeys('service-auth:'), entry, 0);
      await eventually(() => list.entries().length > before);
    },
    lose: async () => {
      await redis.kill('SIGKILL');
      // Its last answer may be still to be read.
      await eventually(() => {
        clock.tick(1000);
        return list.stalenessSeconds() > 5;
      });
    },
    bringBack: async () => {
      await redis.restart();
      await eventually(() => list.stalenessSeconds() < 1);
    },
    close: async () => {
      await list.close();
      clock.restore();
      client.destroy();
      await redis.stop();
    },
  };
}

/** What answers for a list, and tells what it did: the code of a refusal, or 200. */
type Door = (line: string) => Promise<string>;

const DOORS: Readonly<Record<string, (express: ExpressFactory, list: WatchedRevocationList) => Promise<Door>>> = {
  contextFromGateway: (express, revocations) => {
    const logger = recordingLogger();
    const app = express();
    app.use(contextFromGateway({ keys: secret, audience: HERE, revocations, logger }));
    app.get('/', requireService({ logger }), (_req, res) => {
      res.json({});
    });
    return Promise.resolve(async (line) => refused(await send(app as RequestListener, { lines: [line] })));
  },
  gateway: async (express, revocations) => {
    const { ask } = await rig(express, { keys: secret, options: { revocations } });
    return async (line) => refused(await ask({ path: `${PREFIX}/7`, lines: [line] }));
  },
};

const SOURCES: Readonly<Record<string, (context: Mocha.Context) => Promise<Source>>> = {
  'a file': followFile,
  Redis: followRedis,
};

const proofsOf = (door: string, token: string): readonly string[] => [
  bearerLine(token),
  // The gateway itself takes none from outside.
  ...(door === 'gateway' ? [] : [assertionLine(assertionFor(token, secret))]),
];

// K6
for (const [what, follow] of Object.entries(SOURCES)) {
  for (const [door, openDoor] of Object.entries(DOORS)) {
    for (const { name, express } of EXPRESS_VERSIONS) {
      describe(`${door}, ${name}: a list that follows ${what}`, function () {
        this.timeout(180_000);
        let source: Source;
        let answer: Door;

        beforeEach(async function () {
          source = await follow(this);
          answer = await openDoor(express, source.list);
        });
        afterEach(async () => {
          await closeRig();
          await (source as Source | undefined)?.close();
        });

        const answersTo = async (token: string): Promise<readonly string[]> => {
          const answers: string[] = [];
          for (const line of proofsOf(door, token)) answers.push(await answer(line));
          return [...new Set(answers)];
        };

        it('refuses a remembered token as soon as it is revoked, by id or by service, and no other', async () => {
          const [first, second, other] = [tokenOf('orders-service'), tokenOf('orders-service'), tokenOf('pos-service')];
          for (const token of [first, second, other]) {
            expect(await answersTo(token)).to.deep.equal(['200']);
            expect(await answersTo(token)).to.deep.equal(['200']);
          }
          await source.revoke({ tokenId: decodePart(first, 1)['jti'] as string });
          expect(await answersTo(first)).to.deep.equal(['401 token_revoked']);
          expect(await answersTo(second)).to.deep.equal(['200']);
          const issuedBefore = (decodePart(second, 1)['iat'] as number) + 1;
          await source.revoke({ service: 'orders-service', issuedBefore });
          expect(await answersTo(second)).to.deep.equal(['401 token_revoked']);
          expect(await answersTo(other)).to.deep.equal(['200']);
        });

        it('refuses everybody with 503 while the list is too old, and lets in whom it may once it is not', async () => {
          const [revoked, other] = [tokenOf('orders-service'), tokenOf('pos-service')];
          await source.revoke({ tokenId: decodePart(revoked, 1)['jti'] as string });
          expect(await answersTo(other)).to.deep.equal(['200']);
          await source.lose();
          expect(await answersTo(other)).to.deep.equal(['503 revocations_stale']);
          expect(await answersTo(revoked)).to.deep.equal(['503 revocations_stale']);
          await source.bringBack();
          expect(await answersTo(other)).to.deep.equal(['200']);
          expect(await answersTo(revoked)).to.deep.equal(['401 token_revoked']);
        });
      });
    }
  }
}

for (const [door, openDoor] of Object.entries(DOORS)) {
  describe(`${door}: a list that has never reached its Redis`, () => {
    afterEach(closeRig);

    it('refuses everybody with 503', async () => {
      const list = revocationListFromRedis({ url: 'redis://127.0.0.1:1', logger: recordingLogger() });
      try {
        const answer = await openDoor(EXPRESS_VERSIONS[0]!.express, list);
        for (const line of proofsOf(door, tokenOf('orders-service'))) {
          expect(await answer(line)).to.equal('503 revocations_stale');
        }
      } finally {
        await list.close();
      }
    });
  });
}
