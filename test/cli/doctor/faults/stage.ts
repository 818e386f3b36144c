import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { createServiceToken } from '../../../../lib/shared/service-token.js';
import type { CreateServiceTokenOptions } from '../../../../lib/shared/service-token-claims.js';
import { needsProgram } from '../../../support/needs-program.js';
import { withoutNock } from '../../../support/without-nock.js';
import { createTestCli, type TestCli } from '../../cli.js';

/** Who asks in these tests. */
export const CLIENT = 'tenant-deletion-orchestrator';

/** A request as a server of the stage got it. */
export interface StageRequest {
  readonly method: string;
  readonly path: string;
  /** Whether it bore a token that was minted here. */
  readonly hasToken: boolean;
}

/** Where one fault is made: a command line in a directory of its own, servers on free ports, and what ends all of it. */
export interface Stage {
  readonly cli: TestCli;
  /** The secret that everybody has where nothing is broken. */
  readonly secret: string;
  /** Every request that reached a server of the stage. */
  readonly requests: readonly StageRequest[];
  /** Every token that was minted here: none may be shown. */
  readonly tokens: readonly string[];
  /** The programs that the fault needs, as the suite found them. */
  readonly program: (name: string) => string;
  mint(options?: Partial<CreateServiceTokenOptions>): string;
  /** Keeps a token that was made elsewhere. */
  keep(token: string): string;
  /** Serves http on a free port of loopback. @returns its origin */
  http(listener: http.RequestListener): Promise<string>;
  /** Serves https. @returns its origin, with `localhost` as its host */
  https(pair: https.ServerOptions, listener: http.RequestListener): Promise<string>;
  /** Accepts connections. @returns the port */
  tcp(onConnection: (socket: Socket) => void): Promise<number>;
  /** Has something done when the fault is over; the last first. */
  onEnd(end: () => unknown): void;
  end(): Promise<void>;
}

/** Makes it. */
export function createStage(program: (name: string) => string): Stage {
  const cli = createTestCli();
  const requests: StageRequest[] = [];
  const tokens: string[] = [];
  const ends: (() => unknown)[] = [() => cli.remove()];
  const counted =
    (listener: http.RequestListener): http.RequestListener =>
    (req, res) => {
      const { method = '', url = '', headers } = req;
      const hasToken = tokens.some((token) => headers.authorization?.includes(token));
      requests.push({ method, path: url, hasToken });
      listener(req, res);
    };
  const listen = async (server: net.Server): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return (server.address() as AddressInfo).port;
  };
  const keep = (token: string): string => {
    tokens.push(token);
    return token;
  };
  return {
    cli,
    secret: cli.secret,
    requests,
    tokens,
    program,
    keep,
    mint: (options) => keep(createServiceToken(CLIENT, { keys: cli.secret, ...options })),
    http: async (listener) => `http://127.0.0.1:${await listen(http.createServer(counted(listener)))}`,
    https: async (pair, listener) => `https://localhost:${await listen(https.createServer(pair, counted(listener)))}`,
    tcp: (onConnection) => listen(net.createServer(onConnection)),
    onEnd: (end) => void ends.push(end),
    async end() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}

/** The port of an origin. */
export function portOf(origin: string): number {
  return Number(new URL(origin).port);
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Gives each test of the surrounding suite a stage of its own, without nock.
 *
 * @param onStage - told of it before each test
 */
export function eachOnStage(onStage: (stage: Stage) => void): void {
  withoutNock();
  let stage: Stage;
  beforeEach(function () {
    stage = createStage((name) => needsProgram(this, name));
    onStage(stage);
  });
  afterEach(() => stage.end());
}
