import { meaningOf } from '../../../lib/cli/doctor/answer-meaning.js';
import type { ClientFacts, ReadAnswer, WayEvidence } from '../../../lib/cli/doctor/evidence.js';
import type { Answer, ProbeResult } from '../../../lib/cli/doctor/probe.js';
import { createQuote } from '../../../lib/cli/doctor/quote.js';

/** The id of every question in these tests. */
export const REQUEST_ID = 'doctor-1';
/** What something of ours says in every answer. */
export const ECHO = { 'x-request-id': REQUEST_ID };
/** What our gateway adds to an answer that it passes on. */
export const PASSED_ON = { ...ECHO, via: '1.1 api-gateway' };

/** An answer as it came. */
export function answer(
  status: number,
  headers: Answer['headers'] = {},
  body = '',
  end: Answer['end'] = 'whole',
): Answer {
  return { status, headers, body, end, sentAt: 0, headAt: 0, ms: 7 };
}

/** A problem of ours. */
export function problem(status: number, code: string, headers: Answer['headers'] = ECHO): Answer {
  const type = `urn:service-auth:error:${code}`;
  return answer(status, { 'content-type': 'application/problem+json', ...headers }, JSON.stringify({ type, code }));
}

/** A page of somebody's. */
export function page(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return answer(status, { 'content-type': 'text/html', ...headers }, body);
}

/** What nginx answers itself. */
export function nginxPage(status: number, headers: Answer['headers'] = {}): Answer {
  return page(status, `<html><hr><center>nginx/1.24.0</center></html>`, { server: 'nginx', ...headers });
}

/** Reads an answer. */
export function read(one: Answer, isGatewayThere?: boolean): ReadAnswer {
  return { answer: one, meaning: meaningOf(one, REQUEST_ID, isGatewayThere) };
}

/** Who asks, where nothing is special. */
export const CLIENT: ClientFacts = {
  service: 'sales-service',
  keyId: 'key-1',
  isSignedByUs: undefined,
  audiences: [],
  target: undefined,
  asked: new URL('http://api.internal/api/v1/orders/7'),
  quote: createQuote(undefined),
};

/** What was answered, as a probe has it. */
export function answered(one: Answer): ProbeResult {
  return { connection: { addresses: ['127.0.0.1'], address: '127.0.0.1', protocol: undefined }, answer: one };
}

/** What a probe has where the connection stood and nothing was answered. */
export function unanswered(kind: 'silent' | 'closed' | 'not-http', code: string, said = ''): ProbeResult {
  return {
    connection: { addresses: ['127.0.0.1'], address: '127.0.0.1', protocol: undefined },
    failure: { phase: 'answer', kind, code, said },
  };
}

/** What was found out, where nothing else is said. */
export function way(found: Partial<WayEvidence>): WayEvidence {
  return {
    url: CLIENT.asked,
    timeoutMs: 1000,
    requestId: REQUEST_ID,
    bare: answered(problem(401, 'missing_credentials')),
    authed: undefined,
    isGatewayThere: undefined,
    speaksOtherwise: false,
    ...found,
  };
}
