import { expect } from 'chai';
import { createTestCli, type TestCli } from '../cli.js';

describe('service-auth services', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  it('lists the fifteen of the deletion system', async () => {
    const { code, stdout } = await cli.run(['services']);
    expect(code).to.equal(0);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).to.match(/^NAME +URL +API PATH$/);
    expect(lines).to.have.length(15);
    expect(lines[0]).to.match(
      /^tenant-deletion-orchestrator +http:\/\/tenant-deletion-orchestrator:8000 +\/api\/v1\/tenant-deletion$/,
    );
    expect(stdout).to.match(
      /^alert-processor-service +http:\/\/alert-processor-service:8000 +\/api\/v1\/alert-processor$/m,
    );
  });

  it('lists those of services.json, with what it leaves out', async () => {
    cli.write(
      'services.json',
      JSON.stringify([
        { name: 'a-service' },
        { name: 'b', url: 'https://b.example:8443/', apiPath: '/b/', after: ['a-service'], holdsTenantData: false },
        { name: 'c', after: [] },
        { name: 'tenant-deletion-orchestrator' },
      ]),
    );
    expect(JSON.parse((await cli.run(['services', '--json'])).stdout)).to.deep.equal([
      { name: 'a-service', url: 'http://a-service:8000', apiPath: '/api/v1/a', holdsTenantData: true },
      { name: 'b', url: 'https://b.example:8443', apiPath: '/b', holdsTenantData: false, after: ['a-service'] },
      { name: 'c', url: 'http://c:8000', apiPath: '/api/v1/c', holdsTenantData: true, after: [] },
      {
        name: 'tenant-deletion-orchestrator',
        url: 'http://tenant-deletion-orchestrator:8000',
        apiPath: '/api/v1/tenant-deletion-orchestrator',
        holdsTenantData: false,
      },
    ]);
    expect((await cli.run(['generate', 'a-service'])).code).to.equal(0);
    expect((await cli.run(['generate', 'orders-service'])).code).to.equal(2);
  });

  it('lists those of the file that --services names', async () => {
    cli.write('services.json', '[{ "name": "a" }]');
    cli.write('others.json', '{ "services": [{ "name": "b" }] }');
    expect((await cli.run(['services', '--services', 'others.json'])).stdout).to.match(/^b /m);
    const { stderr } = await cli.run(['generate', 'c', '--services', 'others.json']);
    expect(stderr).to.include('others.json');
  });

  const WRONG = [
    '',
    '{',
    '[]',
    'null',
    '"a"',
    '{ "services": {} }',
    '[null]',
    '["a"]',
    '[{}]',
    '[{ "name": "A" }]',
    '[{ "name": "../a" }]',
    '[{ "name": "a" }, { "name": "a" }]',
    '[{ "name": "a", "path": "/a" }]',
    '[{ "name": "a", "url": "a" }]',
    '[{ "name": "a", "url": "http://user:pass@a" }]',
    '[{ "name": "a", "url": "http://a b" }]',
    '[{ "name": "a", "url": "http://[" }]',
    '[{ "name": "a", "url": "http://a;touch$IFS/tmp/x" }]',
    '[{ "name": "a", "url": "http://$(id)" }]',
    '[{ "name": "a", "url": "http://a\\u202eb" }]',
    '[{ "name": "a", "url": "http://a\\u001b[2J" }]',
    '[{ "name": "a", "url": 1 }]',
    '[{ "name": "a", "apiPath": "a" }]',
    '[{ "name": "a", "apiPath": "/a b" }]',
    '[{ "name": "a", "apiPath": 1 }]',
    '[{ "name": "a", "after": "b" }]',
    '[{ "name": "a", "after": ["B"] }]',
    '[{ "name": "a", "after": [1] }]',
    '[{ "name": "a", "after": null }]',
    '[{ "name": "a", "holdsTenantData": "no" }]',
    '[{ "name": "a", "holdsTenantData": 0 }]',
    '[{ "name": "a", "holdsTenantData": null }]',
    '[{ "name": "a", "holdstenantdata": true }]',
  ];
  for (const text of WRONG) {
    it(`refuses ${text || 'an empty file'}`, async () => {
      cli.write('services.json', text);
      const { code, stdout, stderr } = await cli.run(['services']);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.include('services.json');
    });
  }

  it('refuses a file that is not there', async () => {
    const { code, stderr } = await cli.run(['services', '--services', 'nowhere.json']);
    expect(code).to.equal(1);
    expect(stderr).to.include('--services').and.to.include('does not exist');
  });

  describe('suggests the name that was meant', () => {
    const CASES: readonly (readonly [typed: string, meant: string | undefined])[] = [
      ['orders', 'orders-service'],
      ['Orders-Service', 'orders-service'],
      ['ordres-service', 'orders-service'],
      ['alert-procesor', 'alert-processor-service'],
      ['tenant-deletion-orchestrater', 'tenant-deletion-orchestrator'],
      ['xyzzy-machine', undefined],
      ['my-service', undefined],
      ['orders-servise', 'orders-service'],
      ['a'.repeat(300), undefined],
      ['', undefined],
    ];
    for (const [typed, meant] of CASES) {
      it(`${typed.slice(0, 30) || 'nothing'} → ${String(meant)}`, async () => {
        const { code, stdout, stderr } = await cli.run(['generate', typed]);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        if (meant === undefined) expect(stderr).not.to.include('Did you mean');
        else expect(stderr).to.include(`Did you mean '${meant}'?`);
        expect(stderr.length).to.be.lessThan(400);
      });
    }
  });
});
