import { expect } from 'chai';
import type { ClientSide } from '../../../lib/cli/doctor/client-side.js';
import type { Diagnosis, StepId } from '../../../lib/cli/doctor/diagnosis.js';
import { examine } from '../../../lib/cli/doctor/examination.js';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { readUnproven } from '../../../lib/cli/doctor/read-unproven.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { createRevocationList } from '../../../lib/shared/revocation.js';
import { KNOWN_SERVICES } from '../../../lib/shared/services.js';
import { newSecret } from '../../support/keys.js';
import { withoutNock } from '../../support/without-nock.js';
import { type BakeryFlaws, openBakery, PREFIX, PREVIEW } from './faults/bakery.js';
import { closedPort, createStage, type Stage } from './faults/stage.js';

describe('examine', function () {
  this.timeout(60_000);
  withoutNock();
  let stage: Stage;
  beforeEach(() => {
    stage = createStage((name) => name);
  });
  afterEach(() => stage.end());

  interface Asked {
    readonly token?: string | undefined;
    readonly keys?: string | undefined;
    readonly side?: Partial<ClientSide>;
    readonly timeoutMs?: number;
  }

  function ask(url: string, { token, keys = stage.secret, side, timeoutMs = 5000 }: Asked = {}): Promise<Diagnosis> {
    return examine({
      url: new URL(url),
      service: undefined,
      services: KNOWN_SERVICES,
      timeoutMs,
      ca: undefined,
      side: {
        env: {},
        found:
          token === undefined ? { source: 'x', missing: 'None.', remedy: 'Set it.' } : { source: 'x', text: token },
        read: token === undefined ? undefined : readUnproven(token),
        keys: createKeyRing({ current: keys }),
        keysError: undefined,
        revocations: createRevocationList(),
        quote: createQuote(token),
        ...side,
      },
    });
  }

  /** How each step ended, by its id. */
  function statuses({ steps }: Diagnosis): Readonly<Partial<Record<StepId, string>>> {
    return Object.fromEntries(steps.map(({ id, status }) => [id, status]));
  }

  const openWith = async (flaws: BakeryFlaws = {}): Promise<string> => (await openBakery(stage, flaws)).gatewayUrl;

  it('finds all well', async () => {
    const diagnosis = await ask((await openWith()) + PREVIEW, { token: stage.mint() });
    expect(diagnosis).to.deep.include({ ok: true, verdict: null });
    expect(diagnosis.answer).to.deep.include({ status: 200, by: 'service' });
    expect(diagnosis.answer?.requestId).to.match(/^doctor-/);
    expect(Object.values(statuses(diagnosis)).filter((status) => status === 'failed')).to.deep.equal([]);
  });

  it('blames the keys here only where nothing else is wrong that breaks the request', async () => {
    const gatewayUrl = await openWith();
    const token = stage.mint();
    const fine = await ask(gatewayUrl + PREVIEW, { token, keys: newSecret() });
    expect(fine.verdict).to.deep.include({ step: 'token-signature' });
    expect(fine.verdict?.remedy).to.match(/keys here that are others/);
    const refused = await ask(`${gatewayUrl}${PREFIX}/sales`, { token, keys: newSecret() });
    expect(refused.verdict).to.deep.include({ step: 'guard' });
    expect(statuses(refused)).to.include({ 'token-signature': 'failed', guard: 'failed' });
  });

  it('says whose keys are others, as far as keys are here', async () => {
    const gatewayUrl = await openWith({ gateway: { keys: newSecret() } });
    const token = stage.mint();
    const proven = await ask(gatewayUrl + PREVIEW, { token });
    expect(proven.verdict).to.deep.include({ step: 'gateway' });
    expect(proven.verdict?.remedy).to.match(/^The keys here prove the token/);
    const unproven = await ask(gatewayUrl + PREVIEW, { token, side: { keys: undefined } });
    expect(unproven.verdict).to.deep.include({ step: 'gateway' });
    expect(unproven.verdict?.remedy).to.match(/^The gateway does not have the key/);
    expect(statuses(unproven)).to.include({ 'token-signature': 'skipped' });
  });

  it('blames the token where the server does not know its key either', async () => {
    const gatewayUrl = await openWith();
    const token = stage.mint({ keys: newSecret() });
    const diagnosis = await ask(gatewayUrl + PREVIEW, { token });
    expect(diagnosis.verdict).to.deep.include({ step: 'token-signature' });
    expect(diagnosis.verdict?.remedy).to.match(/Mint a token/);
    // Said once.
    expect(statuses(diagnosis)).to.include({ gateway: 'skipped', trust: 'skipped' });
  });

  it('takes for a known key what a service crashes on behind a guard', async () => {
    const { serviceUrl } = await openBakery(stage);
    const token = stage.mint();
    for (const path of ['/cut', '/crash']) {
      const diagnosis = await ask(serviceUrl + PREFIX + path, { token, keys: newSecret() });
      expect(diagnosis.verdict, path).to.deep.include({ step: 'service' });
    }
    const gone = await ask(`${serviceUrl}${PREFIX}/tenant/9/deletion-preview`, { token, keys: newSecret() });
    expect(gone.verdict).to.deep.include({ step: 'token-signature' });
    expect(gone.verdict?.remedy).to.match(/keys here that are others/);
  });

  it('knows no key by what says nothing of it', async () => {
    const { serviceUrl } = await openBakery(stage);
    const token = stage.mint({ keys: newSecret() });
    for (const path of ['/open', '/nowhere']) {
      const diagnosis = await ask(serviceUrl + PREFIX + path, { token });
      expect(diagnosis.verdict?.remedy, path).to.match(/Mint a token/);
    }
    const silent = await ask(`http://127.0.0.1:${await closedPort()}`, { token });
    expect(silent.verdict).to.deep.include({ step: 'token-signature' });
    const login = await stage.http((_req, res) => res.setHeader('content-type', 'text/html').end('<html>Sign in'));
    expect((await ask(login, { token })).verdict).to.deep.include({ step: 'token-signature' });
    // With a good one, each of these breaks where it breaks.
    expect((await ask(login, { token: stage.mint() })).verdict).to.deep.include({ step: 'token-arrives' });
  });

  it('takes the word of a server for what nobody here knows of the token', async () => {
    const revocations = createRevocationList();
    const gatewayUrl = await openWith({ gateway: { revocations } });
    const token = stage.mint();
    expect((await ask(gatewayUrl + PREVIEW, { token })).ok).to.equal(true);
    revocations.revokeService('tenant-deletion-orchestrator');
    const diagnosis = await ask(gatewayUrl + PREVIEW, { token });
    expect(diagnosis.verdict).to.deep.include({ step: 'token-revoked' });
    expect(diagnosis.verdict?.seen).to.match(/token_revoked.*Nothing here says so/);
    const known = await ask(gatewayUrl + PREVIEW, { token, side: { revocations } });
    expect(known.verdict?.seen).to.match(/list of revocations here/);
  });

  it('tells a token for another service from a service with another name', async () => {
    const { gatewayUrl, serviceUrl } = await openBakery(stage);
    const other = stage.mint({ audience: ['sales-service'] });
    for (const url of [gatewayUrl, serviceUrl]) {
      expect((await ask(url + PREVIEW, { token: other })).verdict, url).to.deep.include({ step: 'token-audience' });
    }
    const right = stage.mint({ audience: ['orders-service'] });
    expect((await ask(serviceUrl + PREVIEW, { token: right })).ok).to.equal(true);
    const renamed = await openBakery(stage, { service: { audience: 'sales-service' } });
    expect((await ask(renamed.serviceUrl + PREVIEW, { token: right })).verdict).to.deep.include({ step: 'trust' });
  });

  it('walks the way without a token, as far as it goes', async () => {
    const gatewayUrl = await openWith();
    const none = await ask(gatewayUrl + PREVIEW);
    expect(none.verdict).to.deep.include({ step: 'token-present' });
    expect(statuses(none)).to.include({ 'token-form': 'skipped', connection: 'passed', 'token-arrives': 'skipped' });
    const broken = await ask(gatewayUrl + PREVIEW, { token: 'orders' });
    expect(broken.verdict).to.deep.include({ step: 'token-form' });
    expect(statuses(broken)).to.include({ 'token-alive': 'skipped', clock: 'passed', gateway: 'skipped' });
    expect(stage.requests.some(({ hasToken }) => hasToken)).to.equal(false);
  });

  it('says of an answer that it is the one without the token', async () => {
    const gatewayUrl = await openWith();
    const token = stage.mint();
    const hung = await ask(`${gatewayUrl}${PREFIX}/hang`, { token, timeoutMs: 1500 });
    expect(hung.verdict).to.deep.include({ step: 'service' });
    expect(hung.answer).to.deep.include({ code: 'missing_credentials', withoutToken: true });
    expect(statuses(hung)).to.include({ trust: 'skipped', guard: 'skipped' });
    expect((await ask(gatewayUrl + PREVIEW)).answer).to.deep.include({ withoutToken: true });
    expect((await ask(gatewayUrl + PREVIEW, { token })).answer).not.to.have.property('withoutToken');
  });

  it('does not claim that a service trusts or guards, where it was not asked to', async () => {
    const { gatewayUrl, serviceUrl } = await openBakery(stage, { service: { keys: newSecret() } });
    const token = stage.mint();
    const nowhere = await ask(`${gatewayUrl}${PREFIX}/nowhere`, { token });
    expect(nowhere.verdict).to.deep.include({ step: 'service' });
    expect(nowhere.verdict?.remedy).to.match(/route lead to another service/);
    expect(statuses(nowhere)).to.include({ gateway: 'passed', trust: 'skipped', guard: 'skipped' });
    const open = await ask(`${gatewayUrl}${PREFIX}/open`, { token });
    expect(open.ok).to.equal(true);
    for (const id of ['trust', 'guard']) {
      const step = open.steps.find((one) => one.id === id);
      expect(step, id)
        .to.have.property('seen')
        .that.matches(/only --direct tells/);
    }
    const direct = await ask(`${serviceUrl}${PREFIX}/open`, { token });
    expect(statuses(direct)).to.include({ trust: 'skipped', guard: 'failed' });
  });

  it('has no answer where nothing answered', async () => {
    const diagnosis = await ask(`http://127.0.0.1:${await closedPort()}/x?secret=y`, { token: stage.mint() });
    expect(diagnosis.url).not.to.include('secret');
    expect(diagnosis).not.to.have.property('answer');
    expect(diagnosis.verdict).to.deep.include({ step: 'connection' });
    expect(statuses(diagnosis)).to.include({ clock: 'skipped', service: 'skipped' });
    const silent = await stage.tcp((socket) => socket.resume());
    const unheard = await ask(`http://127.0.0.1:${silent}`, { token: stage.mint(), timeoutMs: 50 });
    expect(statuses(unheard)).to.include({ connection: 'failed', clock: 'skipped' });
  });

  it('names a server that comes and goes', async () => {
    const port = await closedPort();
    const token = stage.mint();
    const { createServer } = await import('node:http');
    const server = createServer((_req, res) => {
      // The last thing that it does.
      server.close();
      res.writeHead(401, { connection: 'close' }).end();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const diagnosis = await ask(`http://127.0.0.1:${port}`, { token });
    expect(diagnosis.verdict).to.deep.include({ step: 'connection' });
    expect(diagnosis.verdict?.remedy).to.match(/comes and goes/);
    expect(statuses(diagnosis)).to.include({ 'token-arrives': 'skipped' });
  });

  it('shows no token that a server sends back', async () => {
    const token = stage.mint();
    const origin = await stage.http((req, res) => {
      const said = String(req.headers.authorization).replace('Bearer ', '');
      res.writeHead(302, { 'x-request-id': said, location: `/login/${said}`, server: said }).end(said);
    });
    const diagnosis = await ask(origin, { token });
    expect(diagnosis.answer?.requestId).to.equal('[redacted]');
    expect(JSON.stringify(diagnosis)).not.to.include(token.slice(30, 50));
  });
});
