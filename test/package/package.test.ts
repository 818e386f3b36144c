import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type ConsumerProject, Tarball, manifest } from './consumer-project.js';

const SUBPATHS = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace('.', 'service-auth'));

const WANTED = new RegExp(
  [
    '^package\\.json$',
    '^(?:README|CHANGELOG|CONTRIBUTING|SECURITY)\\.md$',
    '^LICENSE$',
    '^deploy/.+\\.(?:md|yaml)$',
    '^examples/kubernetes/[a-z-]+\\.ts$',
    '^docs/(?:guides/)?[a-z-]+\\.md$',
    '^dist/(?:esm|cjs)/.+\\.(?:js|d\\.ts)(?:\\.map)?$',
    '^dist/cjs/package\\.json$',
    '^lib/.+\\.ts$',
  ].join('|'),
);

const FORMATS = [
  { format: 'esm', extension: 'mjs', load: (names: string, from: string) => `import ${names} from '${from}';` },
  { format: 'cjs', extension: 'cjs', load: (names: string, from: string) => `const ${names} = require('${from}');` },
] as const;

const SERVICE_AND_CLIENT = `
async function main() {
  const secret = randomBytes(48).toString('base64url');
  process.env.JWT_SECRET_KEY = secret;
  process.env.SERVICE_NAME = 'tenants-service';

  const app = express();
  app.use(contextFromGateway());
  app.delete('/tenant/:tenantId', requireService(), (req, res) => {
    res.json({ tenant: req.params.tenantId, service: req.user.service, via: req.user.via });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = 'http://127.0.0.1:' + server.address().port + '/tenant/7';

  const token = createServiceToken('orders-service', { keys: createKeyRing({ current: secret }) });
  const answer = await createServiceClient(token).delete(url);
  const refusal = await fetch(url, { method: 'DELETE' });
  const result = {
    status: answer.status,
    data: answer.data,
    refusal: {
      status: refusal.status,
      type: refusal.headers.get('content-type').split(';')[0],
      code: (await refusal.json()).code,
    },
  };
  server.closeAllConnections();
  server.close(() => console.log('\\n' + JSON.stringify(result)));
}
main();
`;

const TYPED_APP = `
import express, { type Request } from 'express';
import * as everything from 'service-auth';
import { createServiceClient } from 'service-auth/client';
import { contextFromGateway, requireService } from 'service-auth/server';
import { createKeyRing, createServiceToken, isAuthError } from 'service-auth/shared';

const app = express();
app.use(contextFromGateway());
app.delete('/tenant/:tenantId', requireService(), (req, res) => {
  res.json({ tenant: req.params.tenantId, caller: nameOf(req) });
});
app.delete('/other/:tenantId', requireService('tenant-deletion-orchestrator'), (_req, res) => {
  res.sendStatus(204);
});

export function nameOf(req: Request): string | undefined {
  if (req.user === undefined) {
    return undefined;
  }
  // @ts-expect-error -- a caller has no such thing, and \`any\` would let it pass
  void req.user.nonsense;
  return req.user.type === 'service' ? req.user.service : req.user.userId;
}

export async function erase(secret: string): Promise<number> {
  const token: string = createServiceToken('orders-service', { keys: createKeyRing({ current: secret }) });
  const { status } = await createServiceClient(token).delete('http://orders-service:8000/tenant/7');
  return status;
}

export function codeOf(error: unknown): string | undefined {
  return isAuthError(error) ? error.code : undefined;
}

// The root has the very same things.
export const same: typeof requireService = everything.requireService;
`;

describe('the packed tarball', function () {
  this.timeout(180_000);

  let tarball: Tarball;
  const projects = new Map<string, ConsumerProject>();
  const project = (express: string): ConsumerProject => projects.get(express)!;

  before(async () => {
    tarball = await Tarball.pack();
    for (const express of ['express4', 'express'] as const) {
      projects.set(express, await tarball.install(`with-${express}`, express));
    }
  });

  after(() => {
    tarball.remove();
  });

  it('holds the build, its sources and the papers, and nothing else', async () => {
    const files = await tarball.files();
    expect(files.filter((file) => !WANTED.test(file))).to.deep.equal([]);
    expect(files).to.include.members(['package.json', 'README.md', 'LICENSE']);
    expect(files).to.include.members(['dist/esm/index.js', 'dist/esm/index.d.ts']);
    expect(files).to.include.members(['dist/cjs/index.js', 'dist/cjs/index.d.ts', 'dist/cjs/package.json']);
  });

  it('brings the command line, which needs no redis where there is none', () => {
    const user = project('express');
    const env = { JWT_SECRET_KEY: randomBytes(48).toString('base64url') };
    expect(user.runBin(['services'], {})).to.include({ code: 0 });
    expect(user.runBin(['generate', 'orders-service'], env)).to.include({ code: 0 });
    const { code, output } = user.runBin(['generate', 'orders-service'], { ...env, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).to.equal(1);
    expect(output).to.match(/^service-auth: redis is not installed.*npm install redis/);
  });

  it('names no folder of the machine that built it', async () => {
    const files = await tarball.files();
    const naming = files.filter((file) =>
      readFileSync(project('express').path(`node_modules/service-auth/${file}`), 'utf8').includes(process.cwd()),
    );
    expect(naming).to.deep.equal([]);
  });

  it('gives the same names by import as by require, and its error classes call themselves by them', async () => {
    const namesBy = (load: string): string =>
      `(async () => {
        const found = {};
        for (const name of ${JSON.stringify(SUBPATHS)}) {
          const things = ${load}(name);
          found[name] = Object.keys(things).sort();
          for (const key of found[name].filter((each) => each.endsWith('Error') && /^[A-Z]/.test(each))) {
            if (things[key].name !== key) throw new Error(key + ' calls itself ' + things[key].name);
          }
        }
        console.log(JSON.stringify(found));
      })();`;
    const imported = await project('express').runProgram('names.mjs', namesBy('await import'));
    const required = await project('express').runProgram('names.cjs', namesBy('require'));
    expect(imported).to.deep.equal(required);
    const names = imported as Record<string, string[]>;
    expect(names['service-auth/server']).to.include.members(['contextFromGateway', 'requireService']);
    expect(names['service-auth/client']).to.include.members(['createServiceClient']);
    expect(names['service-auth/shared']).to.include.members(['createServiceToken', 'createKeyRing']);
    const parts = ['server', 'client', 'shared'].flatMap((part) => names[`service-auth/${part}`] ?? []);
    expect(names['service-auth']).to.have.members([...new Set(parts)]);
  });

  it('loads with a half only what that half uses', async () => {
    const loadedWith = (subpath: string): Promise<unknown> =>
      project('express').runProgram(
        'loaded.mjs',
        `import { createRequire } from 'node:module';
        await import('${subpath}');
        const packages = Object.keys(createRequire(import.meta.url).cache);
        const loads = (name) => packages.some((file) => file.includes('/node_modules/' + name + '/'));
        console.log(JSON.stringify({
          // Of axios, which is ES modules, this is what require knows.
          axios: loads('form-data'),
          express: loads('express'),
          requestStorage: Symbol.for('service-auth.request') in globalThis,
        }));`,
      );
    expect(await loadedWith('service-auth/server')).to.deep.equal({
      axios: false,
      express: false,
      requestStorage: false,
    });
    expect(await loadedWith('service-auth/client')).to.deep.equal({
      axios: true,
      express: false,
      requestStorage: true,
    });
  });

  for (const { express, version } of [
    { express: 'express4', version: 'Express 4' },
    { express: 'express', version: 'Express 5' },
  ]) {
    for (const { format, extension, load } of FORMATS) {
      it(`guards a route and calls it on ${version} as ${format}`, async () => {
        const program = [
          load('{ randomBytes }', 'node:crypto'),
          load('{ once }', 'node:events'),
          load('express', 'express'),
          load('{ createServiceClient }', 'service-auth/client'),
          load('{ contextFromGateway, requireService }', 'service-auth/server'),
          load('{ createKeyRing, createServiceToken }', 'service-auth/shared'),
          SERVICE_AND_CLIENT,
        ].join('\n');
        expect(await project(express).runProgram(`app.${extension}`, program)).to.deep.equal({
          status: 200,
          data: { tenant: '7', service: 'orders-service', via: 'bearer' },
          refusal: { status: 401, type: 'application/problem+json', code: 'missing_credentials' },
        });
      });
    }
  }

  for (const type of ['module', 'commonjs']) {
    it(`type-checks strictly beside @types/passport in a nodenext project of type ${type}`, async () => {
      const consumer = project('express');
      consumer.write(`typed-${type}/package.json`, JSON.stringify({ type }));
      consumer.write(`typed-${type}/app.ts`, TYPED_APP);
      const compilerOptions = {
        target: 'es2023',
        lib: ['es2023'],
        module: 'nodenext',
        types: ['node', 'passport'],
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      };
      consumer.write(`typed-${type}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ['app.ts'] }));
      await consumer.compile(`typed-${type}`);
    });
  }
});
