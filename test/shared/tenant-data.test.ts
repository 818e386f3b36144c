import { expect } from 'chai';
import { show } from '../client/support.js';
import {
  checkTenantId,
  IDEMPOTENCY_KEY_HEADER,
  isRecordCounts,
  isTenantId,
  previewPath,
  PROBLEM_JSON,
  readCounts,
  TENANT_NOT_FOUND,
  tenantPath,
  totalOf,
} from '../../lib/shared/tenant-data.js';

const GOOD = ['7', 'a', 'tenant 7', ' ', '...', '.a', 'a.', 'ä', '🥐', '日本', 'a'.repeat(255), '?#&'];
// Behind a proxy that decodes before it resolves, those with a slash would be other tenants.
const BAD = [
  '',
  '.',
  '..',
  'a/../b',
  'a/b',
  'a\\b',
  '%2e',
  '100%',
  'a\nb',
  'a\0',
  '\u007f',
  '\u0085',
  '\ud800',
  'a\udc00b',
  'a'.repeat(256),
];

describe('checkTenantId and isTenantId', () => {
  for (const id of GOOD) {
    it(`take ${show(id).slice(0, 20)}`, () => {
      expect(isTenantId(id)).to.equal(true);
      expect(checkTenantId('tenantId', id)).to.equal(id);
    });
  }

  for (const id of [...BAD, 7, null, undefined, ['a'], {}]) {
    it(`take no ${show(id).slice(0, 20)}`, () => {
      expect(isTenantId(id)).to.equal(false);
      expect(() => checkTenantId('tenantId', id))
        .to.throw(TypeError, /^tenantId must be a text of 1 to 255 characters/)
        .and.include({ code: 'configuration_error', setting: 'tenantId' });
    });
  }

  it('do not repeat the id', () => {
    expect(() => checkTenantId('tenantId', 'secret\nthing')).to.throw(/^(?!.*secret)/s);
  });
});

describe('tenantPath and previewPath', () => {
  it('make one segment of an id, whatever is in it', () => {
    for (const id of GOOD) {
      const base = 'http://orders-service:8000/api';
      const { pathname, search, hash } = new URL(base + tenantPath(id));
      expect([search, hash], id).to.deep.equal(['', '']);
      expect(pathname.split('/').map(decodeURIComponent), id).to.deep.equal(['', 'api', 'tenant', id]);
      expect(base + previewPath(id)).to.equal(`${base}${tenantPath(id)}/deletion-preview`);
    }
  });

  it('escape what a path could not carry', () => {
    expect(tenantPath('a b?ü')).to.equal('/tenant/a%20b%3F%C3%BC');
    expect(previewPath('a?')).to.equal('/tenant/a%3F/deletion-preview');
  });
});

describe('readCounts', () => {
  const NOTHING = { counts: undefined, total: undefined };
  const cases: readonly (readonly [unknown, { counts: unknown; total: unknown }])[] = [
    [{ counts: { a: 2, b: 3 } }, { counts: { a: 2, b: 3 }, total: 5 }],
    [
      { counts: { a: 2 }, total: 2 },
      { counts: { a: 2 }, total: 2 },
    ],
    // Of two numbers that disagree none is believed.
    [{ counts: { a: 2 }, total: 99 }, NOTHING],
    [{ counts: {}, total: 99 }, NOTHING],
    [
      { counts: { ['eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl']: 2 }, total: 2 },
      { counts: undefined, total: 2 },
    ],
    [{ counts: {} }, { counts: {}, total: 0 }],
    [{ counts: 4 }, { counts: undefined, total: 4 }],
    [
      { counts: 4, total: 5 },
      { counts: undefined, total: 5 },
    ],
    [{ total: 5 }, { counts: undefined, total: 5 }],
    [{ total: 0 }, { counts: undefined, total: 0 }],
    [
      { counts: { a: -1 }, total: 5 },
      { counts: undefined, total: 5 },
    ],
    [{ counts: 'many' }, NOTHING],
    [{ counts: null }, NOTHING],
    [{ counts: [1, 2] }, NOTHING],
    [{ counts: { a: '2' } }, NOTHING],
    [{ counts: { a: 1.5 } }, NOTHING],
    [{ counts: -1 }, NOTHING],
    [{ total: -1 }, NOTHING],
    [{ total: '5' }, NOTHING],
    [{ total: 2 ** 53 }, NOTHING],
    [{ deleted: { a: 1 } }, NOTHING],
    [{}, NOTHING],
    [[], NOTHING],
    [null, NOTHING],
    [undefined, NOTHING],
    ['{"counts":{"a":1}}', NOTHING],
    [7, NOTHING],
  ];
  for (const [body, expected] of cases) {
    it(`reads ${show(body)}`, () => {
      expect(readCounts(body, ['counts'])).to.deep.equal(expected);
    });
  }

  it('takes the first of the names that is there', () => {
    const names = ['deleted', 'counts'] as const;
    expect(readCounts({ counts: { a: 1 }, deleted: { a: 2 } }, names).total).to.equal(2);
    expect(readCounts({ counts: { a: 1 } }, names).total).to.equal(1);
    expect(readCounts({ deleted: 3, counts: { a: 1 } }, names).total).to.equal(3);
  });

  it('gives a copy that does not change', () => {
    const given = { a: 1 };
    const { counts } = readCounts({ counts: given }, ['counts']);
    given.a = 2;
    expect(counts).to.deep.equal({ a: 1 });
    expect(Object.isFrozen(counts)).to.equal(true);
  });

  it('keeps kinds with odd names, and changes no prototype', () => {
    const body: unknown = JSON.parse('{"counts":{"__proto__":1,"constructor":2}}');
    const { counts, total } = readCounts(body, ['counts']);
    expect(total).to.equal(3);
    expect(JSON.stringify(counts)).to.equal('{"__proto__":1,"constructor":2}');
    expect(Object.getPrototypeOf(counts)).to.equal(Object.prototype);
  });
});

describe('isRecordCounts and totalOf', () => {
  it('take 200 kinds of 100 characters, and no more', () => {
    const of = (kinds: number) =>
      Object.fromEntries(Array.from({ length: kinds }, (_, i) => [`${'k'.repeat(90)} ${String(i)}`, 1]));
    expect(isRecordCounts(of(200))).to.equal(true);
    expect(totalOf(of(200))).to.equal(200);
    expect(isRecordCounts(of(201))).to.equal(false);
    expect(isRecordCounts({ ['k'.repeat(100)]: 1 })).to.equal(true);
    expect(isRecordCounts({ ['k'.repeat(101)]: 1 })).to.equal(false);
  });

  it('take whole numbers from 0 on', () => {
    expect(isRecordCounts({ a: 0, b: Number.MAX_SAFE_INTEGER })).to.equal(true);
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, undefined, 1n]) {
      expect(isRecordCounts({ a: 0, b: value }), String(value)).to.equal(false);
    }
    for (const value of [null, undefined, [], [1], 'a', 7]) expect(isRecordCounts(value)).to.equal(false);
    expect(totalOf({})).to.equal(0);
  });
});

describe('the words of the contract', () => {
  it('are the ones of docs and standards', () => {
    expect([TENANT_NOT_FOUND, IDEMPOTENCY_KEY_HEADER, PROBLEM_JSON]).to.deep.equal([
      'tenant_not_found',
      'idempotency-key',
      'application/problem+json',
    ]);
  });
});
