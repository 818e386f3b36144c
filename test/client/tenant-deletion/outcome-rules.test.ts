import { expect } from 'chai';
import { type CallOutcome, outcomeOfTry } from '../../../lib/client/sending/call-outcome.js';
import type { ServiceOutcome } from '../../../lib/client/tenant-deletion/outcome.js';
import {
  isPassing,
  isWorthAnotherAttempt,
  judgeDeletion,
  judgePoll,
  judgePreviewAsPoll,
  type PriorKnowledge,
} from '../../../lib/client/tenant-deletion/outcome-rules.js';
import type { ServiceAnswer, Speaker } from '../../../lib/client/tenant-deletion/service-answer.js';
import { isUndecided } from '../../../lib/client/tenant-deletion/undecided-answer.js';
import { serviceAnswer } from './support.js';

/** Nothing was sent before. */
const FIRST_TIME: PriorKnowledge = { mayHaveRun: false, isLost: false };

const SPEAKERS: readonly Speaker[] = ['service', 'unclear', 'between'];
const PRIORS: Readonly<Record<'first' | 'mayHaveRun' | 'lost', PriorKnowledge>> = {
  first: FIRST_TIME,
  mayHaveRun: { mayHaveRun: true, isLost: false },
  lost: { mayHaveRun: true, isLost: true },
};

/** An answer of one try, with what the client says of such a one. */
function answered(status: number | undefined, speaker: Speaker, given: Partial<ServiceAnswer> = {}): ServiceAnswer {
  const ran = outcomeOfTry({ isSent: true, status, isCutShort: false });
  return serviceAnswer({ status, speaker, ran, ...given });
}

type Word = ServiceOutcome['status'];
type Three = readonly [first: Word, mayHaveRun: Word, lost: Word];
const ALWAYS = (word: Word): Three => [word, word, word];

describe('judgeDeletion', () => {
  /** By status: what it means the first time, after a try that may have run, and after one that nobody answered. */
  const BY_STATUS: readonly (readonly [readonly number[], Three])[] = [
    [[200, 203, 204, 205], ALWAYS('deleted')],
    [[201, 206, 226], ALWAYS('unknown')],
    [[202], ALWAYS('accepted')],
    [[300, 301, 302, 303, 304, 305], ALWAYS('unknown')],
    [
      [307, 308],
      ['failed', 'failed', 'unknown'],
    ],
    [[401, 403], ALWAYS('refused')],
    [
      [400, 402, 405, 406, 408, 409, 412, 413, 415, 418, 421, 422, 423, 425, 429, 451],
      ['failed', 'failed', 'unknown'],
    ],
    [
      [500, 501, 503, 505, 507, 520],
      ['failed', 'failed', 'unknown'],
    ],
    [[502, 504], ALWAYS('unknown')],
  ];

  for (const [list, expected] of BY_STATUS) {
    for (const status of list) {
      it(`takes ${status} for ${[...new Set(expected)].join(' or ')}, whoever says it`, () => {
        for (const speaker of SPEAKERS) {
          const judged = Object.values(PRIORS).map(
            (prior) => judgeDeletion(answered(status, speaker), prior, 'http://a/poll').status,
          );
          expect(judged, speaker).to.deep.equal(expected);
        }
      });
    }
  }

  const ABSENCE: Readonly<Record<Speaker, Three>> = {
    service: ['already_gone', 'deleted', 'deleted'],
    unclear: ['failed', 'deleted', 'deleted'],
    between: ['failed', 'unknown', 'unknown'],
  };
  for (const status of [404, 410]) {
    for (const speaker of SPEAKERS) {
      it(`takes ${status} by ${speaker} for ${ABSENCE[speaker].join(', ')}: first, may have run, lost`, () => {
        const judged = Object.values(PRIORS).map((prior) => judgeDeletion(answered(status, speaker), prior, undefined));
        expect(judged.map((outcome) => outcome.status)).to.deep.equal(ABSENCE[speaker]);
      });

      it(`takes ${status} by ${speaker} after a lost try of the same call for ${ABSENCE[speaker][1]}`, () => {
        const answer = answered(status, speaker, { ran: 'unknown', isLost: true, tries: 2 });
        expect(judgeDeletion(answer, FIRST_TIME, undefined).status).to.equal(ABSENCE[speaker][1]);
      });
    }
  }

  const WITHOUT_ANSWER: readonly (readonly [CallOutcome, Three])[] = [
    ['not_sent', ['failed', 'failed', 'unknown']],
    ['refused', ['failed', 'failed', 'unknown']],
    ['unknown', ALWAYS('unknown')],
    ['completed', ALWAYS('unknown')],
  ];
  for (const [ran, expected] of WITHOUT_ANSWER) {
    it(`takes no answer to a request that is ${ran} for ${[...new Set(expected)].join(' or ')}`, () => {
      const judged = Object.values(PRIORS).map(
        (prior) => judgeDeletion(serviceAnswer({ ran }), prior, undefined).status,
      );
      expect(judged).to.deep.equal(expected);
    });
  }

  for (const status of [400, 409, 429, 500, 503]) {
    it(`takes ${status} for unknown where a try of the same call got no answer, and for failed where each got one`, () => {
      const answer = answered(status, 'service', { ran: 'unknown', tries: 2 });
      expect(judgeDeletion({ ...answer, isLost: true }, FIRST_TIME, undefined).status).to.equal('unknown');
      expect(judgeDeletion(answer, FIRST_TIME, undefined).status).to.equal('failed');
    });
  }

  it('believes no success of another tenant, of a page, or that says otherwise', () => {
    const statusOf = (given: Partial<ServiceAnswer>, pollUrl?: string): string =>
      judgeDeletion(answered(200, 'unclear', given), FIRST_TIME, pollUrl).status;
    expect(statusOf({ body: { tenant_id: 'a' }, isOfAnother: true })).to.equal('unknown');
    expect(statusOf({ body: { tenant_id: 'a' } })).to.equal('deleted');
    expect(statusOf({ body: '<!DOCTYPE html><title>Sign in</title>', speaker: 'between' })).to.equal('unknown');
    expect(statusOf({ body: 'deleted', speaker: 'between' })).to.equal('deleted');
    expect(statusOf({ body: { status: 'failed' } })).to.equal('failed');
    expect(statusOf({ body: { status: 'pending' } }, 'http://a/jobs')).to.equal('accepted');
    expect(statusOf({ body: { status: 'pending' } })).to.equal('unknown');
    expect(statusOf({ body: { status: 'gone' } })).to.equal('deleted');
  });

  it('keeps what the service counted, and the sum of it', () => {
    const body = { tenant_id: 'a', deleted: { orders: 2, lines: 5 }, total: 7 };
    expect(judgeDeletion(answered(200, 'unclear', { body }), FIRST_TIME, undefined)).to.deep.equal({
      status: 'deleted',
      httpStatus: 200,
      counts: { orders: 2, lines: 5 },
      total: 7,
    });
  });

  it('keeps status, code and detail of the answer', () => {
    const answer = answered(500, 'service', { code: 'no_disk', detail: 'The disk is full.' });
    expect(judgeDeletion(answer, FIRST_TIME, undefined)).to.deep.equal({
      status: 'failed',
      httpStatus: 500,
      code: 'no_disk',
      detail: 'The disk is full.',
    });
    expect(judgeDeletion(serviceAnswer(), FIRST_TIME, undefined)).to.deep.equal({ status: 'failed' });
  });

  it('follows a 202 where it may, and knows nothing where it may not', () => {
    const answer = answered(202, 'unclear');
    expect(judgeDeletion(answer, FIRST_TIME, 'http://a/jobs/1')).to.deep.equal({
      status: 'accepted',
      pollUrl: 'http://a/jobs/1',
      httpStatus: 202,
    });
    expect(judgeDeletion(answer, FIRST_TIME, undefined)).to.deep.include({ status: 'unknown', httpStatus: 202 });
  });

  it('says why it does not believe a 404', () => {
    for (const prior of [PRIORS.first, PRIORS.lost]) {
      expect(judgeDeletion(answered(404, 'between'), prior, undefined).detail).to.match(/problem\+json/);
    }
    expect(judgeDeletion(answered(404, 'service'), PRIORS.first, undefined).detail).to.equal(undefined);
  });
});

describe('isUndecided', () => {
  it('is what no answer, a redirect or a gateway that lost it leaves', () => {
    const undecided = [undefined, 200, 301, 303, 502, 504];
    const decided = [307, 308, 400, 404, 500, 503];
    const of = (status: number | undefined) => isUndecided(answered(status, 'between'));
    expect(undecided.map(of)).not.to.include(false);
    expect(decided.map(of)).not.to.include(true);
    expect(isUndecided({ status: undefined, ran: 'not_sent' })).to.equal(false);
  });
});

describe('judgePoll', () => {
  const LOCATION = 'http://a/jobs/2';
  const next = (answer: ServiceAnswer, location?: string): string => {
    const verdict = judgePoll(answer, location);
    return verdict.next === 'end' ? verdict.outcome.status : verdict.next;
  };

  const BY_STATUS: readonly (readonly [number, string])[] = [
    [200, 'deleted'],
    [201, 'unknown'],
    [202, 'look_again'],
    [204, 'deleted'],
    [301, 'unknown'],
    [303, 'unknown'],
    [304, 'unknown'],
    [400, 'unknown'],
    [401, 'refused'],
    [403, 'refused'],
    [405, 'unknown'],
    [408, 'look_again'],
    [409, 'unknown'],
    [429, 'look_again'],
    [500, 'look_again'],
    [502, 'look_again'],
    [503, 'look_again'],
    [504, 'look_again'],
  ];
  for (const [status, expected] of BY_STATUS) {
    it(`takes ${status} without a body for ${expected}, whoever says it`, () => {
      for (const speaker of SPEAKERS) expect(next(answered(status, speaker)), speaker).to.equal(expected);
    });
  }

  const WORDS: readonly (readonly [unknown, string])[] = [
    ['deleted', 'deleted'],
    ['done', 'deleted'],
    ['Complete', 'deleted'],
    ['COMPLETED', 'deleted'],
    ['finished', 'deleted'],
    ['succeeded', 'deleted'],
    ['success', 'deleted'],
    ['ok', 'deleted'],
    ['accepted', 'look_again'],
    ['pending', 'look_again'],
    ['queued', 'look_again'],
    ['running', 'look_again'],
    ['in_progress', 'look_again'],
    ['inProgress', 'look_again'],
    ['processing', 'look_again'],
    ['started', 'look_again'],
    ['failed', 'failed'],
    ['failure', 'failed'],
    ['error', 'failed'],
    ['cancelled', 'failed'],
    ['canceled', 'failed'],
    ['aborted', 'failed'],
    ['half done', 'unknown'],
    ['', 'unknown'],
    [200, 'unknown'],
    [false, 'unknown'],
    [null, 'deleted'],
  ];
  for (const [status, expected] of WORDS) {
    it(`takes 200 with the status ${JSON.stringify(status)} for ${expected}`, () => {
      expect(next(answered(200, 'unclear', { body: { status } }))).to.equal(expected);
      expect(next(answered(200, 'unclear', { body: { state: status } }))).to.equal(expected);
    });
  }

  it('takes what is no end of a job for none', () => {
    for (const body of [
      [],
      { done: false },
      { finished: false },
      { counts: { a: 5 } },
      { counts: { a: 5 }, total: 7 },
    ]) {
      expect(next(answered(200, 'unclear', { body })), JSON.stringify(body)).to.equal('look_again');
    }
    for (const body of [{}, { done: true }, { counts: { a: 0 } }, { counts: { a: 5 }, deleted: { a: 5 } }]) {
      expect(next(answered(200, 'unclear', { body })), JSON.stringify(body)).to.equal('deleted');
    }
    expect(next(answered(200, 'unclear', { isOfAnother: true }))).to.equal('unknown');
  });

  it('takes 200 with a page for the word of something in between, and without a body for the end', () => {
    expect(next(answered(200, 'between', { body: '<p>Hello</p>' }))).to.equal('look_again');
    expect(next(answered(200, 'between', { body: '' }))).to.equal('deleted');
  });

  it('keeps what was counted when it is done', () => {
    const body = { status: 'done', deleted: { orders: 3 } };
    expect(judgePoll(answered(200, 'unclear', { body }), undefined)).to.deep.equal({
      next: 'end',
      outcome: { status: 'deleted', httpStatus: 200, counts: { orders: 3 }, total: 3 },
    });
  });

  it('says that it failed, or that nobody knows, after it was accepted', () => {
    const detailOf = (status: string): unknown => {
      const verdict = judgePoll(answered(200, 'unclear', { body: { status } }), undefined);
      return verdict.next === 'end' ? verdict.outcome.detail : undefined;
    };
    expect(detailOf('failed')).to.match(/failed/);
    expect(detailOf('half done')).to.match(/neither/);
    expect(detailOf('done')).to.equal(undefined);
  });

  for (const status of [202, 303]) {
    it(`goes to the Location of a ${status}`, () => {
      expect(judgePoll(answered(status, 'unclear'), LOCATION)).to.deep.equal({ next: 'look_again', pollUrl: LOCATION });
    });
  }

  it('goes to no other Location', () => {
    for (const status of [408, 429, 500, 503]) {
      expect(judgePoll(answered(status, 'unclear'), LOCATION)).to.deep.equal({
        next: 'look_again',
        pollUrl: undefined,
      });
    }
  });

  for (const status of [404, 410]) {
    it(`takes ${status} for done where the service says that the tenant is gone, and asks anew where its job is`, () => {
      expect(next(answered(status, 'service', { code: 'tenant_not_found' }))).to.equal('deleted');
      expect(next(answered(status, 'service', { code: 'deletion_unknown' }))).to.equal('ask_again');
      expect(next(answered(status, 'unclear'))).to.equal('ask_again');
    });

    it(`takes ${status} by something in between for nothing`, () => {
      expect(next(answered(status, 'between'))).to.equal('look_again');
    });
  }

  it('looks again where no answer came, and ends where none ever will', () => {
    expect(next(serviceAnswer({ ran: 'unknown', code: 'ETIMEDOUT' }))).to.equal('look_again');
    expect(next(serviceAnswer({ code: 'ECONNREFUSED' }))).to.equal('look_again');
    expect(next(serviceAnswer({ code: 'ERR_CLIENT_CLOSED' }))).to.equal('unknown');
    expect(next(serviceAnswer({ code: 'ERR_ORIGIN_NOT_ALLOWED' }))).to.equal('unknown');
  });
});

describe('judgePreviewAsPoll', () => {
  const next = (answer: ServiceAnswer): string => {
    const verdict = judgePreviewAsPoll(answer);
    return verdict.next === 'end' ? verdict.outcome.status : verdict.next;
  };

  it('is done when nothing is left, and not before', () => {
    expect(next(answered(200, 'unclear', { body: { counts: { orders: 0 } } }))).to.equal('deleted');
    expect(next(answered(200, 'unclear', { body: { total: 0 } }))).to.equal('deleted');
    expect(next(answered(200, 'unclear', { body: { counts: { orders: 1 } } }))).to.equal('look_again');
    expect(next(answered(200, 'unclear', { body: { orders: 0 } }))).to.equal('look_again');
    expect(next(answered(200, 'between', { body: '<p>Hello</p>' }))).to.equal('look_again');
    expect(next(answered(200, 'unclear', { body: { total: 0 }, isOfAnother: true }))).to.equal('unknown');
  });

  for (const status of [404, 410]) {
    it(`is done when ${status} is said in JSON, as it was asked for before`, () => {
      expect(SPEAKERS.map((speaker) => next(answered(status, speaker)))).to.deep.equal([
        'deleted',
        'deleted',
        'look_again',
      ]);
    });
  }

  for (const status of [401, 403]) {
    it(`ends with ${status}`, () => {
      expect(next(answered(status, 'service'))).to.equal('refused');
    });
  }

  it('looks again after everything that says nothing of it', () => {
    for (const status of [undefined, 200, 202, 400, 429, 500, 503]) {
      for (const speaker of SPEAKERS) {
        const answer = answered(status, speaker, { body: { total: 0 } });
        expect(next(answer), String(status)).to.equal(status === 200 ? 'deleted' : 'look_again');
      }
    }
  });
});

describe('isPassing', () => {
  it('holds for what says "not now"', () => {
    for (const status of [408, 409, 423, 425, 429, 500, 502, 503, 504, 507, 520]) {
      expect(isPassing(answered(status, 'service')), String(status)).to.equal(true);
    }
  });

  it('does not hold for what says "never"', () => {
    for (const status of [200, 201, 301, 303, 307, 400, 401, 403, 404, 405, 410, 422, 501, 505]) {
      expect(isPassing(answered(status, 'service')), String(status)).to.equal(false);
    }
  });

  for (const code of [
    'ERR_BAD_OPTION_VALUE',
    'ERR_CLIENT_CLOSED',
    'ERR_INVALID_URL',
    'ERR_ORIGIN_NOT_ALLOWED',
    'ERR_TOKEN_UNAVAILABLE',
  ]) {
    it(`does not hold for ${code}, unless something was sent before`, () => {
      expect(isPassing(serviceAnswer({ code }))).to.equal(false);
      expect(isPassing(serviceAnswer({ code, ran: 'unknown' }))).to.equal(true);
    });
  }

  it('holds for other failures of the network', () => {
    for (const code of [undefined, 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'ERR_CIRCUIT_OPEN']) {
      expect(isPassing(serviceAnswer({ code })), String(code)).to.equal(true);
    }
  });
});

describe('isWorthAnotherAttempt', () => {
  it('holds for a 404 that hides what became of it, and for no other', () => {
    for (const status of [404, 410]) {
      const answer = answered(status, 'between');
      expect(isWorthAnotherAttempt(answer, { status: 'unknown' })).to.equal(true);
      expect(isWorthAnotherAttempt(answer, { status: 'failed' })).to.equal(false);
    }
    expect(isWorthAnotherAttempt(answered(400, 'service'), { status: 'unknown' })).to.equal(false);
  });

  it('holds for what may pass', () => {
    expect(isWorthAnotherAttempt(answered(503, 'service'), { status: 'failed' })).to.equal(true);
  });
});
