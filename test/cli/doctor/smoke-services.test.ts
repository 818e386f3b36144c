import { expect } from 'chai';
import {
  chooseSmokeServices,
  isServicesFile,
  PREVIEW,
  type SmokeServices,
} from '../../../lib/cli/doctor/smoke-services.js';
import { createStage, type Stage } from './faults/stage.js';

describe('chooseSmokeServices', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = createStage((name) => name);
  });
  afterEach(() => stage.end());

  const choose = (given?: string, path = PREVIEW): readonly string[] => {
    const io = { cwd: stage.cli.directory } as Parameters<typeof chooseSmokeServices>[0];
    const { asked, notAsked }: SmokeServices = chooseSmokeServices(io, given, path);
    return [...asked.map(({ name }) => name), ...notAsked.map((name) => `-${name}`)];
  };

  it('leaves out of the known ones those without data of tenants, where the preview is asked for', () => {
    expect(choose()).to.have.length(15).and.include.members(['orders-service', '-auth-service', '-tenant-service']);
    expect(choose()).to.include('-tenant-deletion-orchestrator');
    expect(choose(undefined, '/health')).to.include.members(['auth-service', 'tenant-deletion-orchestrator']);
  });

  it('goes by a list, in which an orchestrator is', () => {
    const list = [
      { name: 'tenant-deletion-orchestrator' },
      { name: 'orders-service' },
      { name: 'menu-service', holdsTenantData: false },
    ];
    stage.cli.write('services.json', JSON.stringify(list));
    const expected = ['orders-service', '-tenant-deletion-orchestrator', '-menu-service'];
    expect(choose()).to.deep.equal(expected);
    expect(choose('./services.json')).to.deep.equal(expected);
    expect(choose('orders-service,menu-service,orders-service')).to.deep.equal(['orders-service', '-menu-service']);
    expect(choose('menu-service', '/health')).to.deep.equal(['menu-service']);
  });

  it('refuses names of which none has a preview, and names that nobody knows', () => {
    expect(() => choose('auth-service'))
      .to.throw(/^auth-service: no data of tenants.*--path/)
      .with.property('exitCode', 2);
    expect(() => choose('order-service')).to.throw(/Did you mean/);
  });
});

describe('isServicesFile', () => {
  it('tells a file from names', () => {
    expect(['a.json', './a', 'a\\b', 'orders-service', 'a,b'].map(isServicesFile)).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
