import { expect } from 'chai';
import { type CallOutcome, outcomeOfTries, outcomeOfTry } from '../../../lib/client/sending/call-outcome.js';

const whole = { isSent: true, isCutShort: false };

describe('outcomeOfTry', () => {
  const statuses: Readonly<Record<CallOutcome, readonly number[]>> = {
    not_sent: [],
    refused: [307, 308, 400, 401, 403, 404, 408, 409, 410, 422, 429, 499, 501, 505],
    unknown: [300, 301, 302, 303, 500, 502, 503, 504, 599],
    completed: [200, 201, 204, 299, 304],
  };
  for (const [outcome, all] of Object.entries(statuses)) {
    for (const status of all) {
      it(`is ${outcome} for a ${status}`, () => {
        expect(outcomeOfTry({ ...whole, status })).to.equal(outcome);
      });
    }
  }

  it('is not_sent where nothing left', () => {
    expect(outcomeOfTry({ isSent: false, status: undefined, isCutShort: true })).to.equal('not_sent');
  });

  it('is unknown where no answer came', () => {
    expect(outcomeOfTry({ isSent: true, status: undefined, isCutShort: true })).to.equal('unknown');
  });

  it('is unknown where a success broke off, and refused where a refusal did', () => {
    expect(outcomeOfTry({ isSent: true, status: 200, isCutShort: true })).to.equal('unknown');
    expect(outcomeOfTry({ isSent: true, status: 404, isCutShort: true })).to.equal('refused');
  });
});

describe('outcomeOfTries', () => {
  const order: readonly CallOutcome[] = ['not_sent', 'refused', 'unknown', 'completed'];
  it('is the one that says more of what may have happened, whichever came first', () => {
    for (const [weight, outcome] of order.entries()) {
      for (const [other, than] of order.entries()) {
        expect(outcomeOfTries(outcome, than)).to.equal(order[Math.max(weight, other)]);
      }
    }
  });
});
