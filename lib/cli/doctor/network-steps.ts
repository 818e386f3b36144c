import { isIP } from 'node:net';
import { printable } from '../cli-io.js';
import type { ConnectionFailure } from './open-connection.js';
import type { WayEvidence } from './evidence.js';
import { failed, type Finding, passed, skipped } from './finding.js';
import { portOf } from './port-of.js';
import type { AnswerFailure, ProbeResult } from './probe.js';
import type { Quote } from './quote.js';
import { tlsFinding } from './tls-finding.js';

/** The steps of the way to whatever answers. */
export interface NetworkFindings {
  readonly name: Finding;
  readonly connection: Finding;
  readonly tls: Finding;
}

/** The step that failed first; undefined: something answered. */
export function networkBreak({ name, connection, tls }: NetworkFindings): 'name' | 'connection' | 'tls' | undefined {
  if (name.status === 'failed') return 'name';
  // A server that is silent or hangs up may do so behind TLS that is sound.
  if (connection.status === 'failed') return 'connection';
  return tls.status === 'failed' ? 'tls' : undefined;
}

/** The steps `name`, `connection` and `tls`. */
export function judgeNetwork(way: WayEvidence, quote: Quote): NetworkFindings {
  const { url, timeoutMs } = way;
  const result = resultOf(way);
  const place = `${url.hostname}:${portOf(url)}`;
  const isTls = url.protocol === 'https:';
  const seconds = `${String(timeoutMs / 1000)} s`;
  const context = { way, place, isTls, seconds, quote };
  if (result.connection === undefined) return judgeFailure(result.failure, context);
  const name = nameFinding(url, result.connection.addresses);
  if ('failure' in result && /^ERR_SSL_/.test(result.failure.code)) {
    // Of TLS 1.3, a client hears of what is wrong with its own part when it reads.
    const tls = tlsFinding({ code: result.failure.code }, { place, speaksHttp: false, quote });
    return { name, connection: passed(result.connection.address), tls };
  }
  const tls = isTls ? passed(result.connection.protocol) : skipped('The URL says http.');
  const connection = 'failure' in result ? silenceFinding(result.failure, context) : passed(result.connection.address);
  return { name, connection, tls };
}

/** A server that answers one of the two questions can be reached. */
function resultOf({ bare, authed }: WayEvidence): ProbeResult {
  return 'failure' in bare && authed !== undefined && 'answer' in authed ? authed : bare;
}

interface Context {
  readonly way: WayEvidence;
  readonly place: string;
  readonly isTls: boolean;
  readonly seconds: string;
  readonly quote: Quote;
}

function nameFinding({ hostname }: URL, addresses: readonly string[]): Finding {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0
    ? passed(addresses.join(', '))
    : skipped('The URL has an address, no name.');
}

function judgeFailure(failure: ConnectionFailure, context: Context): NetworkFindings {
  const { way, place, isTls } = context;
  const notReached = skipped('There is no connection.');
  if (failure.phase === 'lookup') {
    return {
      name: lookupFinding(failure.code, way.url.hostname),
      connection: skipped('The name does not resolve.'),
      tls: notReached,
    };
  }
  if (failure.phase === 'connect') {
    const name = nameFinding(way.url, failure.addresses);
    return {
      name,
      connection: connectFinding(failure, context),
      tls: isTls ? notReached : skipped('The URL says http.'),
    };
  }
  const name = nameFinding(way.url, [failure.address]);
  if (failure.code === 'SILENT') {
    const seen = `${place} accepts connections and does not answer: no byte in ${context.seconds}.`;
    return { name, connection: failed(seen, SILENT_REMEDY), tls: skipped('The server is silent.') };
  }
  return {
    name,
    connection: passed(failure.address),
    tls: tlsFinding(failure, { ...context, speaksHttp: way.speaksOtherwise }),
  };
}

function lookupFinding(code: string, host: string): Finding {
  const seen = `${printable(host)} does not resolve (${code === 'SILENT' ? 'the resolver is silent' : code}).`;
  if (code === 'ENOTFOUND') {
    return failed(
      seen,
      'Is the name of the host right? Names of a cluster resolve inside of it only, and from another namespace with it (orders-service.<namespace>). Is there a Service or a DNS record of that name?',
    );
  }
  return failed(
    seen,
    'The name servers do not answer: look at /etc/resolv.conf, at the DNS of the cluster, and at what may block port 53. If the name is of another network, this machine cannot resolve it.',
  );
}

const SILENT_REMEDY =
  'What listens there hangs or is busy (look in its log), or it is the port of something else. --timeout gives it more time.';

function connectFinding(
  { addresses, codes }: Extract<ConnectionFailure, { phase: 'connect' }>,
  { place, seconds }: Context,
): Finding {
  const each = addresses.map(
    (address, index) => `${address}: ${WORDS[codes[index] as string] ?? String(codes[index])}`,
  );
  const seen = `${place} is not reached (${each.join('; ')}).`;
  if (codes.every((code) => code === 'ECONNREFUSED')) {
    return failed(
      seen,
      'Nothing listens on that port: is the server running, is the port right, and does it listen on more than localhost?',
      'ECONNREFUSED',
    );
  }
  if (codes.some((code) => code === 'SILENT' || code === 'ETIMEDOUT')) {
    return failed(
      `${seen} Nothing came back in ${seconds}.`,
      'A firewall or a network policy drops the packets, or the machine is off: is the address right, and may this machine connect to that port?',
    );
  }
  return failed(
    seen,
    'There is no way to that address from here: look at routes, firewall and network policies, and whether the address is right.',
  );
}

const WORDS: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: 'connection refused',
  SILENT: 'no answer',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host (EHOSTUNREACH)',
  ENETUNREACH: 'no route to the network (ENETUNREACH)',
};

function silenceFinding({ kind, code, said }: AnswerFailure, { way, place, isTls, seconds, quote }: Context): Finding {
  if (way.speaksOtherwise) {
    return failed(
      `${place} speaks TLS, and the URL says http.`,
      `Write https: instead: https://${place}${printable(way.url.pathname)}`,
    );
  }
  if (kind === 'silent')
    return failed(`${place} accepts connections and does not answer in ${seconds}.`, SILENT_REMEDY);
  if (kind === 'not-http') {
    const line = quote(printable((said.split(/\r?\n/)[0] as string).slice(0, 40)));
    return failed(
      `${place} answers, and not in HTTP${line === '' ? '' : ` ('${line}')`} (${code}).`,
      'It is the port of another protocol: mend the port in the URL.',
    );
  }
  return failed(
    `${place} accepts connections and hangs up without an answer (${code}).`,
    isTls
      ? 'Look in the log of the server: does it crash and restart? Or does it want another port?'
      : 'Look in the log of the server: does it crash and restart? Is it the right port, and does it want https: there?',
  );
}
