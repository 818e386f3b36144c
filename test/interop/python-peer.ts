import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { needsPython } from '../support/needs-program.js';

/** The two JWT libraries that services in Python use, by the name of their module. */
export const PYTHON_LIBRARIES = [
  { name: 'PyJWT', module: 'jwt' },
  { name: 'python-jose', module: 'jose' },
] as const;

/** What a Python service checks of a token. */
export interface PythonCheck {
  readonly token: string;
  readonly key: string | Buffer;
  readonly algorithms: readonly string[];
  readonly audience?: string | undefined;
  readonly issuer?: string | undefined;
}

/** What a Python service mints. */
export interface PythonMint {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly key: string | Buffer;
  readonly algorithm: string;
}

/** One process of one library, for all tests of a `describe`. */
export interface PythonPeer {
  /** @throws where the library mints nothing */
  mint(request: PythonMint): Promise<string>;
  /** The claims, or `undefined` where the library refuses with an error of its own; any other error fails the test. */
  check(request: PythonCheck): Promise<Readonly<Record<string, unknown>> | undefined>;
}

type Answer = Readonly<Partial<Record<'token' | 'refused' | 'crashed', string>>> & {
  readonly claims?: Readonly<Record<string, unknown>>;
};

/** Starts the peer before the tests of the `describe` that calls this, or skips them where the library is not installed. */
export function pythonPeer(module: 'jwt' | 'jose'): PythonPeer {
  let child: ChildProcessWithoutNullStreams;
  let answers: AsyncIterator<string>;
  before(function () {
    // Both libraries leave RSA and EC to cryptography.
    const python = needsPython(this, module, 'cryptography');
    child = spawn(python, [join(import.meta.dirname, 'python-peer.py'), module]);
    child.stderr.resume();
    answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  });
  after(async () => {
    // Not started where the tests are skipped.
    if ((child as unknown) === undefined) return;
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
  });

  // Line by line: each test awaits its answer before it asks again.
  const ask = async (request: object): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await answers.next();
    if (line.done === true) throw new Error(`${module}: the process ended`);
    return JSON.parse(line.value) as Answer;
  };

  return {
    async mint({ key, ...request }) {
      const { token, refused, crashed } = await ask({ do: 'mint', ...request, ...keyFields(key) });
      if (token === undefined) throw new Error(`${module} mints nothing: ${String(refused ?? crashed)}`);
      return token;
    },
    async check({ key, ...request }) {
      const { claims, refused, crashed } = await ask({ do: 'check', ...request, ...keyFields(key) });
      if (claims === undefined && refused === undefined) throw new Error(`${module}: ${String(crashed)}`);
      return claims;
    },
  };
}

function keyFields(key: string | Buffer): object {
  return typeof key === 'string' ? { key } : { key_base64: key.toString('base64') };
}
