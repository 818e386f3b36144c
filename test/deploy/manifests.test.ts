import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { SETTING_NAMES } from '../../lib/shared/settings.js';
import { asKubernetesSecret } from '../../lib/cli/token-formats.js';
import { createServiceClient, tokenFromFile } from '../../lib/client/index.js';
import { revocationListFromRedis } from '../../lib/server/index.js';
import {
  assertionKeysFromFile,
  createKeyRing,
  deriveAssertionKey,
  keyRingFromFile,
  KNOWN_SERVICES,
} from '../../lib/shared/index.js';
import { ROOT } from '../../scripts/files.js';
import { needsProgram } from '../support/needs-program.js';
import { skip } from '../support/skip.js';
import { type Container, documentsOf, FOLDER, manifests, type Pod, pods, secret } from './manifests.js';

const CLOSED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
const containersOf = ({ spec }: Pod): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers];
const podOf = (name: string): Pod => pods().find((pod) => pod.name === name) as Pod;
const envOf = (container: Container): Map<string, string | undefined> =>
  new Map((container.env ?? []).map(({ name, value }) => [name, value]));

/** Where a container sees the keys of a Secret. */
function mountOf(pod: Pod, secretName: string): string {
  const volume = pod.spec.volumes.find((one) => one.secret?.secretName === secretName);
  const [container] = containersOf(pod);
  return container?.volumeMounts.find(({ name }) => name === volume?.name)?.mountPath ?? '';
}

describe('deploy/kubernetes', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-auth-deploy-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  describe('the manifests', () => {
    it('parse, and each has a kind, a name and the namespace', () => {
      const found = manifests().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(found).to.include.members([
        'Namespace bakery',
        'Deployment gateway',
        'Service gateway',
        'Deployment orders-service',
        'Service orders-service',
        'CronJob sales-report',
        'StatefulSet redis',
        'Service redis',
        'Secret jwt-keys',
        'Secret orders-service-assertion-keys',
        'Secret sales-service-token',
        'Secret redis',
        'NetworkPolicy default-deny',
      ]);
      expect(new Set(found).size).to.equal(found.length);
      for (const { kind, apiVersion, metadata } of manifests()) {
        expect(apiVersion).to.match(/^(?:[a-z0-9.]+\/)?v1$/);
        expect(metadata.namespace).to.equal(kind === 'Namespace' ? undefined : 'bakery');
      }
    });

    it('that are applied together are all but the Secrets', () => {
      const { resources } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
      const files = new Set(manifests().map(({ file }) => file));
      expect([...resources].sort()).to.deep.equal([...files].filter((file) => !file.startsWith('secrets')).sort());
      for (const { kind, file } of manifests()) expect(kind === 'Secret').to.equal(file.startsWith('secrets'));
    });

    it('name neither an existing registry nor an address', () => {
      for (const pod of pods()) {
        for (const { image } of containersOf(pod))
          expect(image).to.match(/^registry\.example\.com\/bakery\/[a-z-]+:[\d.]+$/);
      }
    });

    it('are what kubectl puts together', function () {
      // No package of Debian's: skipped where it is missing, also in CI. The manifests are read by the tests above all the same.
      if (spawnSync('kubectl', ['version', '--client']).status !== 0) skip(this, 'kubectl not installed');
      this.timeout(180_000);
      const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' });
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      const names = (list: readonly { kind: string; metadata: { name: string } }[]): string[] =>
        list.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
      expect(names(documentsOf(stdout))).to.deep.equal(names(manifests().filter(({ kind }) => kind !== 'Secret')));
    });
  });

  describe('every pod', () => {
    it('runs as nobody in particular, locked up, and without a token of the cluster', () => {
      expect(pods().map(({ name }) => name)).to.have.members(['gateway', 'orders-service', 'sales-report', 'redis']);
      for (const pod of pods()) {
        const { securityContext, automountServiceAccountToken, enableServiceLinks } = pod.spec;
        expect(automountServiceAccountToken, pod.name).to.be.false;
        expect(enableServiceLinks, pod.name).to.be.false;
        expect(securityContext, pod.name).to.deep.include({
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        for (const container of containersOf(pod)) {
          expect(container.securityContext, container.name).to.deep.equal(CLOSED);
          expect(container.resources.requests, container.name).to.have.keys('cpu', 'memory');
          expect(container.resources.limits.memory, container.name).to.be.a('string');
        }
      }
    });

    it('mounts Secrets as whole directories, read-only, which its group may read and others may not', () => {
      for (const pod of pods()) {
        const secrets = pod.spec.volumes.filter((volume) => volume.secret !== undefined);
        expect(secrets, pod.name).not.to.be.empty;
        for (const { name, secret: source } of secrets) {
          expect(source?.defaultMode, pod.name).to.equal(0o440);
          const mounts = containersOf(pod).flatMap(({ volumeMounts }) =>
            volumeMounts.filter((mount) => mount.name === name),
          );
          expect(mounts, pod.name).to.have.lengthOf(1);
          // A subPath would stay as it was when the pod started.
          expect(Object.keys(mounts[0]!), pod.name).to.have.members(['name', 'mountPath', 'readOnly']);
          expect(mounts[0]?.readOnly).to.be.true;
        }
        const { fsGroup, runAsGroup } = pod.spec.securityContext;
        expect(fsGroup).to.be.a('number').and.to.equal(runAsGroup);
      }
    });

    it('refers only to Secrets and keys that secrets/ shows', () => {
      for (const pod of pods()) {
        for (const { secret: source } of pod.spec.volumes) {
          if (source === undefined) continue;
          const keys = Object.keys(secret(source.secretName).stringData!);
          for (const { key } of source.items ?? []) expect(keys).to.include(key);
        }
        for (const { valueFrom } of containersOf(pod).flatMap(({ env }) => env ?? [])) {
          if (valueFrom === undefined) continue;
          const { name, key } = valueFrom.secretKeyRef;
          expect(secret(name).stringData).to.have.property(key);
        }
      }
    });

    it('has no secret among its variables but the URL of Redis', () => {
      const referring = pods().flatMap((pod) =>
        containersOf(pod).flatMap(({ env }) => (env ?? []).filter(({ valueFrom }) => valueFrom !== undefined)),
      );
      expect(new Set(referring.map(({ name }) => name))).to.deep.equal(new Set(['REDIS_URL']));
    });

    it('of ours runs a program of examples/kubernetes, and sets only variables that it or the package reads', () => {
      const settings: readonly string[] = SETTING_NAMES;
      for (const pod of pods().filter(({ name }) => name !== 'redis')) {
        for (const { command, env, name } of containersOf(pod)) {
          const file = join(ROOT, 'examples/kubernetes', command[1] ?? '');
          expect(command[0], name).to.equal('node');
          expect(existsSync(file), file).to.be.true;
          const program = readFileSync(file, 'utf8');
          for (const { name: variable } of env ?? []) {
            const isRead = program.includes(`'${variable}'`) || settings.includes(variable);
            expect(isRead || variable === 'NODE_ENV', variable).to.be.true;
          }
          const needed = [...program.matchAll(/setting\('(\w+)'\)/g)].map(([, variable]) => variable);
          const given = envOf({ env } as Container);
          for (const variable of needed) {
            if (variable === 'REVOCATIONS_FILE' && given.has('REDIS_URL')) continue;
            expect(given.has(variable!), variable).to.be.true;
          }
        }
      }
    });
  });

  describe('the Services', () => {
    it('lead to the pods of their names, at the port on which those listen', () => {
      for (const { metadata, spec } of manifests().filter(({ kind }) => kind === 'Service')) {
        const pod = podOf(metadata.name);
        expect(pod.labels).to.include(spec.selector);
        const [container] = containersOf(pod);
        const port = container?.ports?.find(({ name }) => name === spec.ports[0].targetPort);
        expect(spec.ports).to.have.lengthOf(1);
        expect(port?.containerPort).to.equal(spec.ports[0].port);
        if (metadata.name !== 'redis') expect(envOf(container!).get('PORT')).to.equal(String(port?.containerPort));
      }
    });

    it('are where the programs look for them', () => {
      const ports = new Map(
        manifests()
          .filter(({ kind }) => kind === 'Service')
          .map(({ metadata, spec }) => [metadata.name, spec.ports[0].port as number]),
      );
      const urlOf = (name: string): string => `http://${name}:${String(ports.get(name))}`;
      expect(envOf(containersOf(podOf('gateway'))[0]!).get('ORDERS_URL')).to.equal(urlOf('orders-service'));
      expect(envOf(containersOf(podOf('sales-report'))[0]!).get('GATEWAY_URL')).to.equal(urlOf('gateway'));
      expect(KNOWN_SERVICES.find(({ name }) => name === 'orders-service')?.url).to.equal(urlOf('orders-service'));
    });
  });

  describe('the NetworkPolicies', () => {
    const policies = manifests().filter(({ kind }) => kind === 'NetworkPolicy');
    const policy = (name: string): (typeof policies)[number]['spec'] =>
      policies.find(({ metadata }) => metadata.name === name)?.spec;
    const peersOf = (rules: readonly { from?: unknown[]; to?: unknown[] }[]): string[] =>
      rules
        .flatMap(({ from, to }) => (from ?? to) as { podSelector?: unknown; namespaceSelector?: unknown }[])
        .map(({ podSelector, namespaceSelector }) => {
          const labels = (podSelector ?? namespaceSelector) as { matchLabels: Record<string, string> };
          return Object.values(labels.matchLabels)[0]!;
        });

    it('refuse everything that no other one names, in both directions', () => {
      expect(policy('default-deny')).to.deep.equal({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    });

    it('let the ingress and callers reach the gateway, the gateway the service, and these two Redis', () => {
      expect(peersOf(policy('gateway').ingress)).to.deep.equal(['ingress', 'sales-service']);
      expect(peersOf(policy('gateway').egress)).to.deep.equal(['orders-service', 'redis']);
      expect(peersOf(policy('orders-service').ingress)).to.deep.equal(['gateway']);
      expect(peersOf(policy('orders-service').egress)).to.deep.equal(['redis']);
      expect(peersOf(policy('redis').ingress)).to.deep.equal(['gateway', 'orders-service']);
      expect(peersOf(policy('dns').egress)).to.deep.equal(['kube-dns']);
      expect(policies).to.have.lengthOf(6);
    });

    it('select pods that are there, and ports on which those listen', () => {
      const all = pods();
      for (const { metadata, spec } of policies) {
        const labels = spec.podSelector.matchLabels as Record<string, string> | undefined;
        if (labels === undefined) continue;
        const chosen = all.filter((pod) => pod.labels['app.kubernetes.io/name'] === labels['app.kubernetes.io/name']);
        expect(chosen, metadata.name).to.have.lengthOf(1);
        const [container] = containersOf(chosen[0]!);
        for (const rule of spec.ingress ?? []) {
          expect(rule.ports).to.deep.equal([{ protocol: 'TCP', port: container?.ports?.[0]?.containerPort }]);
        }
      }
    });
  });

  describe("the gateway's keys", () => {
    it('are mounted where JWT_KEYS_FILE looks, as files by names that a key directory has', () => {
      const pod = podOf('gateway');
      expect(envOf(containersOf(pod)[0]!).get('JWT_KEYS_FILE')).to.equal(mountOf(pod, 'jwt-keys'));
      const directory = mkdtempSync(join(folder, 'keys-'));
      for (const name of Object.keys(secret('jwt-keys').stringData!))
        writeFileSync(join(directory, name), randomBytes(48).toString('base64url'));
      const ring = keyRingFromFile(directory);
      expect(ring.snapshot().current).not.to.be.undefined;
      ring.close();
    });

    it('are refused as they stand in secrets/', () => {
      const { current } = secret('jwt-keys').stringData!;
      expect(() => createKeyRing({ current: current! })).to.throw('is a placeholder');
      const directory = mkdtempSync(join(folder, 'placeholder-'));
      writeFileSync(join(directory, 'current'), current!);
      expect(() => keyRingFromFile(directory)).to.throw('is a placeholder');
    });

    it("are nobody else's", () => {
      const holders = pods().filter((pod) => pod.spec.volumes.some((one) => one.secret?.secretName === 'jwt-keys'));
      expect(holders.map(({ name }) => name)).to.deep.equal(['gateway']);
    });
  });

  describe('the assertion keys of orders-service', () => {
    it('are mounted where GATEWAY_ASSERTION_KEY_FILE looks', () => {
      const pod = podOf('orders-service');
      const path = envOf(containersOf(pod)[0]!).get('GATEWAY_ASSERTION_KEY_FILE') ?? '';
      const name = 'orders-service-assertion-keys';
      expect(path).to.equal(`${mountOf(pod, name)}/${basename(path)}`);
      expect(secret(name).stringData).to.have.all.keys(basename(path));
      expect(envOf(containersOf(pod)[0]!).get('SERVICE_NAME')).to.equal('orders-service');
    });

    it('are refused as they stand in secrets/, and taken as the command line derives them', () => {
      const path = join(folder, 'assertion-keys');
      writeFileSync(path, secret('orders-service-assertion-keys').stringData!['keys']!);
      expect(() => assertionKeysFromFile(path)).to.throw('must be a derived key');
      const keys = { current: randomBytes(48).toString('base64url') };
      writeFileSync(path, `${deriveAssertionKey('orders-service', { keys })}\n`);
      assertionKeysFromFile(path).close();
    });
  });

  describe('the token of sales-service', () => {
    const token = ['eyJhbGciOiJIUzI1NiJ9', 'e30', 'c2lnbmF0dXJl'].join('.');
    const issued = { service: 'sales-service', tokenId: 'id', keyId: 'kid', issuedAt: 1, expiresAt: 2 };
    const service = KNOWN_SERVICES.find(({ name }) => name === 'sales-service')!;
    const generated = documentsOf(
      asKubernetesSecret({ service, issued, token }, { namespace: 'bakery', secretName: undefined }),
    )[0]!;

    it('has the shape that generate --format kubernetes prints', () => {
      const { file, ...shown } = secret('sales-service-token');
      expect(file).to.equal('secrets/sales-service-token.yaml');
      expect(shown.metadata.annotations).to.have.all.keys(Object.keys(generated.metadata.annotations!));
      expect(shown.stringData).to.have.all.keys(Object.keys(generated.stringData!));
      const { annotations: _ours, ...metadata } = shown.metadata;
      const { annotations: _theirs, ...expected } = generated.metadata;
      expect(metadata).to.deep.equal(expected);
      expect({ ...shown, metadata, stringData: 0 }).to.deep.equal({ ...generated, metadata: expected, stringData: 0 });
    });

    it('is mounted where SERVICE_TOKEN_FILE looks', () => {
      const pod = podOf('sales-report');
      const [key] = Object.keys(generated.stringData!);
      const path = envOf(containersOf(pod)[0]!).get('SERVICE_TOKEN_FILE');
      expect(path).to.equal(`${mountOf(pod, 'sales-service-token')}/${key!}`);
    });

    it('is refused as it stands in secrets/, and taken as it is generated', () => {
      const path = join(folder, 'token');
      const client = (): unknown => createServiceClient(tokenFromFile(path), { baseURL: 'http://gateway:8000' });
      writeFileSync(path, secret('sales-service-token').stringData!['token']!);
      expect(client).to.throw('no JWT');
      writeFileSync(path, token);
      expect(client).not.to.throw();
    });
  });

  describe('the password and the URL of Redis', () => {
    it('let no Redis start as they stand in secrets/, and one start as the comment there makes them', function () {
      const program = needsProgram(this, 'redis-server');
      this.timeout(180_000);
      const path = join(folder, 'redis.conf');
      const statusWith = (text: string): number | null => {
        writeFileSync(path, text);
        // It listens on no port.
        const args = ['--port', '0', '--unixsocket', join(folder, 'redis.sock'), '--save', '', '--dir', folder];
        return spawnSync(program, [path, ...args], { timeout: 5000 }).status;
      };
      expect(statusWith(secret('redis').stringData!['redis.conf']!)).to.equal(1);
      const comment = readFileSync(join(FOLDER, 'secrets/redis.yaml'), 'utf8');
      const line = /echo "(.+)" > redis-secret\/redis\.conf/.exec(comment)?.[1] ?? '';
      expect(line).to.equal('requirepass $password');
      // Ended by the time limit: it ran.
      expect(statusWith(line.replace('$password', randomBytes(32).toString('hex')))).not.to.equal(1);
    });

    it('are refused by a revocation list as they stand in secrets/', () => {
      const { url } = secret('redis').stringData!;
      expect(() => revocationListFromRedis({ url })).to.throw('must be a URL such as redis://');
    });

    it('are taken by one as the comment there makes them', async () => {
      const comment = readFileSync(join(FOLDER, 'secrets/redis.yaml'), 'utf8');
      const format = /printf '([^']+)'/.exec(comment)?.[1] ?? '';
      const url = format.replace('%s', randomBytes(32).toString('hex'));
      expect(new URL(url).hostname).to.equal('redis');
      const list = revocationListFromRedis({ url: url.replace('@redis:', '@127.0.0.1:') });
      await list.close();
      await list.ready().catch(() => undefined);
    });
  });
});
