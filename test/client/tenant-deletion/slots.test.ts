import { expect } from 'chai';
import { createSlots } from '../../../lib/client/tenant-deletion/slots.js';
import { anyRejectionOf, turns } from '../support.js';

describe('createSlots', () => {
  /** Things that wait until they are told to end. */
  function tasks(count: number): {
    readonly begun: number[];
    readonly end: (() => void)[];
    act: (i: number) => () => Promise<number>;
  } {
    const begun: number[] = [];
    const end: (() => void)[] = [];
    const act = (i: number) => () =>
      new Promise<number>((resolve) => {
        begun.push(i);
        end[i] = () => {
          resolve(i);
        };
      });
    return { begun, end: Array.from({ length: count }, (_, i) => () => end[i]?.()), act };
  }

  it('lets so many run at once, and the others in their order', async () => {
    const slots = createSlots(2);
    const { begun, end, act } = tasks(5);
    const all = Promise.all([0, 1, 2, 3, 4].map((i) => slots.use(act(i))));
    await turns(2);
    expect(begun).to.deep.equal([0, 1]);
    end[1]?.();
    await turns(2);
    expect(begun).to.deep.equal([0, 1, 2]);
    end[0]?.();
    end[2]?.();
    await turns(2);
    expect(begun).to.deep.equal([0, 1, 2, 3, 4]);
    end[3]?.();
    end[4]?.();
    expect(await all).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('gives a slot back after a failure', async () => {
    const slots = createSlots(1);
    expect(await anyRejectionOf(slots.use(() => Promise.reject(new Error('no'))))).to.include({ message: 'no' });
    expect(await slots.use(() => Promise.resolve('yes'))).to.equal('yes');
    const failing = slots.use(() => Promise.reject(new Error('no')));
    const next = slots.use(() => Promise.resolve('next'));
    await anyRejectionOf(failing);
    expect(await next).to.equal('next');
  });

  it('gives no slot to two', async () => {
    const slots = createSlots(1);
    const { begun, end, act } = tasks(3);
    const all = [slots.use(act(0)), slots.use(act(1))];
    await turns(2);
    end[0]?.();
    // Comes when the slot is handed over.
    all.push(slots.use(act(2)));
    await turns(2);
    expect(begun).to.deep.equal([0, 1]);
    end[1]?.();
    await turns(2);
    end[2]?.();
    expect(await Promise.all(all)).to.deep.equal([0, 1, 2]);
  });
});
