import { expect } from 'chai';
import { decodeAnswer, type DeletionAnswer, encodeAnswer } from '../../../lib/server/tenant-data/deletion-answer.js';

const ANSWERS: readonly DeletionAnswer[] = [
  { found: false },
  { found: true },
  { found: true, deleted: {} },
  { found: true, deleted: { orders: 12, order_lines: 0 } },
];

describe('decodeAnswer', () => {
  for (const answer of ANSWERS) {
    it(`reads what encodeAnswer has written: ${JSON.stringify(answer)}`, () => {
      expect(decodeAnswer(encodeAnswer(answer))).to.deep.equal(answer);
    });
  }

  for (const text of ['', '{', 'null', '7', '[]', '{}', '{"found":1}', '{"found":true,"deleted":{"a":-1}}']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => decodeAnswer(text)).to.throw('an answer that is none');
    });
  }
});
