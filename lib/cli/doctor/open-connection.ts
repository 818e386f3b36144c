import dns, { type LookupAddress } from 'node:dns';
import net, { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { type CertificateFacts, certificateFacts } from './certificate-facts.js';
import { portOf } from './port-of.js';
import type { TimeLimit } from './time-limit.js';

/** What is known of a connection that stands. */
export interface ConnectionFacts {
  /** Where the name leads; the address itself where the URL has one. */
  readonly addresses: readonly string[];
  /** The one that was connected to. */
  readonly address: string;
  /** Of TLS; undefined for plain http. */
  readonly protocol: string | undefined;
}

/** Why no connection came about. */
export type ConnectionFailure =
  | { readonly phase: 'lookup'; readonly code: string }
  | {
      readonly phase: 'connect';
      readonly addresses: readonly string[];
      /** Of each address: Node's code, or `SILENT` where nothing came back in time. */
      readonly codes: readonly string[];
    }
  | {
      readonly phase: 'tls';
      readonly address: string;
      /** OpenSSL's or Node's code; `SILENT` where nothing came back in time, `CLOSED` where the server hung up. */
      readonly code: string;
      /** Absent where none was shown. */
      readonly certificate?: CertificateFacts | undefined;
    };

/** A connection, or why there is none. */
export type Opening =
  | { readonly socket: Socket; readonly facts: ConnectionFacts }
  | { readonly failure: ConnectionFailure };

/**
 * Looks the name up, connects, and where the URL says https shakes hands. Nothing of HTTP is sent; a server whose certificate is not to be
 * trusted gets no byte beyond the handshake.
 *
 * @param url - its host and port
 * @param limit - for all of it
 * @param ca - the authorities to trust in place of Node's, in PEM
 */
export async function openConnection(url: URL, limit: TimeLimit, ca?: string): Promise<Opening> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const found = await lookUp(host, limit);
  if ('code' in found) return { failure: { phase: 'lookup', code: found.code } };
  const { addresses } = found;
  const port = Number(portOf(url));
  const codes: string[] = [];
  for (const [index, address] of addresses.entries()) {
    // One that is silent must leave time for the others.
    const socket = await connectTo(address, port, limit.left() / (addresses.length - index));
    if (typeof socket === 'string') {
      codes.push(socket);
      continue;
    }
    if (!isTls) return { socket, facts: { addresses, address, protocol: undefined } };
    return await shakeHands(socket, host, { addresses, address, limit, ca });
  }
  return { failure: { phase: 'connect', addresses, codes } };
}

async function lookUp(
  host: string,
  limit: TimeLimit,
): Promise<{ readonly addresses: readonly string[] } | { readonly code: string }> {
  if (isIP(host) !== 0) return { addresses: [host] };
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ code: 'SILENT' });
    }, limit.left());
    // Looked up at each call, since tracing and test tools replace it.
    dns.lookup(host, { all: true }, (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => {
      clearTimeout(timer);
      if (error !== null) resolve({ code: error.code ?? 'unknown' });
      else resolve({ addresses: found.map(({ address }) => address) });
    });
  });
}

function connectTo(host: string, port: number, ms: number): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const fail = (code: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const timer = setTimeout(fail, ms, 'SILENT');
    const failed = ({ code }: NodeJS.ErrnoException): void => {
      fail(String(code));
    };
    socket.once('error', failed).once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

interface Handshake {
  readonly addresses: readonly string[];
  readonly address: string;
  readonly limit: TimeLimit;
  readonly ca: string | undefined;
}

function shakeHands(tcp: Socket, host: string, { addresses, address, limit, ca }: Handshake): Promise<Opening> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      socket: tcp,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      ALPNProtocols: ['http/1.1'],
      // Judged below, before anything is sent: a certificate that is refused here could not be told of.
      rejectUnauthorized: false,
    });
    const fail = (code: string, certificate?: CertificateFacts): void => {
      clearTimeout(timer);
      // What comes afterwards changes nothing.
      socket.on('error', () => undefined).destroy();
      tcp.on('error', () => undefined).destroy();
      resolve({ failure: { phase: 'tls', address, code, certificate } });
    };
    const timer = setTimeout(fail, limit.left(), 'SILENT');
    const failed = ({ code }: NodeJS.ErrnoException): void => {
      fail(code === 'ECONNRESET' || code === 'EPIPE' ? 'CLOSED' : String(code));
    };
    socket.once('error', failed).once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      if (socket.authorized) {
        resolve({ socket, facts: { addresses, address, protocol: String(socket.getProtocol()) } });
      } else fail(String(socket.authorizationError), certificateFacts(socket.getPeerCertificate()));
    });
  });
}
