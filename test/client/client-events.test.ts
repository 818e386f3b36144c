import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { createTeller, type RefreshEvent } from '../../lib/client/client-events.js';
import { memoryLogger, turns } from './support.js';

const event: RefreshEvent = { source: 'SERVICE_TOKEN', reason: 'changed', isRenewed: true };

describe('createTeller', () => {
  it('tells listeners, once or always, until they are taken away', () => {
    const heard: string[] = [];
    const { events, emit } = createTeller(memoryLogger());
    const always = ({ source }: RefreshEvent): void => void heard.push(`always ${source}`);
    events.on('refresh', always).once('refresh', () => heard.push('once'));
    emit('refresh', event);
    emit('refresh', event);
    events.off('refresh', always);
    emit('refresh', event);
    expect(heard).to.deep.equal(['always SERVICE_TOKEN', 'once', 'always SERVICE_TOKEN']);
  });

  it('uses the emitter that it is given', () => {
    const emitter = new EventEmitter();
    let heard: unknown;
    emitter.on('refresh', (told) => (heard = told));
    const { events, emit } = createTeller(memoryLogger(), emitter);
    emit('refresh', event);
    expect(events).to.equal(emitter);
    expect(heard).to.equal(event);
  });

  it('logs what a listener throws, now or later, and goes on', async () => {
    const logger = memoryLogger();
    const { events, emit } = createTeller(logger);
    events.on('refresh', () => Promise.reject(new Error('later')) as never);
    events.on('refresh', () => {
      throw new Error('now');
    });
    emit('refresh', event);
    await turns(2);
    expect(
      logger.lines.map(({ level, fields }) => `${level} ${(fields as { error: Error }).error.message}`),
    ).to.deep.equal(['warn now', 'warn later']);
  });

  it('does so with an emitter of somebody else too', async () => {
    const logger = memoryLogger();
    const emitter = new EventEmitter();
    emitter.on('refresh', (() => Promise.reject(new Error('later'))) as () => unknown);
    createTeller(logger, emitter).emit('refresh', event);
    await turns(2);
    expect(logger.lines).to.have.length(1);
  });

  it('knows whether anybody listens, and takes a logger that does not say for one that writes everything', () => {
    const { events, isHeard, isDebugging } = createTeller(memoryLogger());
    expect(isHeard('try')).to.equal(false);
    events.on('try', () => undefined);
    expect(isHeard('try')).to.equal(true);
    expect(isDebugging()).to.equal(true);
  });

  it('does without its lines where the logger fails', () => {
    const fail = (): never => {
      throw new Error('full');
    };
    const { debug, warn, emit, events } = createTeller({ debug: fail, info: fail, warn: fail, error: fail });
    events.on('refresh', fail);
    debug('a');
    warn('b');
    emit('refresh', event);
  });
});
