import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { UsualRequest } from './usual-request.js';

type Request = (configOrUrl?: string | AxiosRequestConfig, config?: AxiosRequestConfig) => Promise<unknown>;

/** What stands before and behind every request of an instance, outside of all interceptors. */
export interface RequestFrame {
  /** Sees what was given, as it was given: axios changes header values when it merges them. */
  before(defaults: AxiosRequestConfig, given: AxiosRequestConfig): void;
  /** Sees the config before the first and after the last interceptor of requests. */
  readonly intercept: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig;
  /** Sends it without axios, where it can be; see `createUsualRequest`. */
  readonly send: UsualRequest;
  /** Turns what a request was rejected with into what users get. */
  failure(error: unknown, defaults: AxiosRequestConfig, given: AxiosRequestConfig): unknown;
}

/**
 * Makes an axios instance as `axios.create` does, with a frame around `request`, through which every method of an instance
 * goes. `create()` of the instance makes others with the same frame.
 *
 * @param config - the defaults
 * @param frame - the frame
 * @param extras - what the instance has beside what every axios instance has
 */
export function createFramedInstance<Extras extends object>(
  config: AxiosRequestConfig,
  frame: RequestFrame,
  extras: Extras,
): AxiosInstance & Extras {
  const context = new axios.Axios(config);
  const hasInterceptors = frameInterceptors(context, frame);
  const request = context.request.bind(context) as Request;
  const framed: Request = async (configOrUrl, config) => {
    const given = typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : { ...configOrUrl };
    const defaults = context.defaults as AxiosRequestConfig;
    try {
      frame.before(defaults, given);
      const sent = hasInterceptors() ? undefined : frame.send(defaults, given);
      return await (sent ?? request(configOrUrl, config));
    } catch (error) {
      throw frame.failure(error, defaults, given);
    }
  };
  context.request = framed as typeof context.request;

  const instance = ((configOrUrl, config) => framed(configOrUrl, config)) as Request;
  const methods = axios.Axios.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of Object.getOwnPropertyNames(methods)) {
    if (name === 'constructor' || name === 'request') continue;
    Object.assign(instance, { [name]: methods[name]?.bind(context) });
  }
  // axios' own merge twice what is merged once more in `request`.
  for (const name of ['delete', 'get', 'head', 'options']) {
    const work = (url: string, given?: AxiosRequestConfig): Promise<unknown> =>
      framed({ ...given, method: name, url, data: given?.data as unknown });
    Object.assign(instance, { [name]: work });
  }
  for (const name of ['post', 'put', 'patch']) {
    const work = (url: string, data?: unknown, given?: AxiosRequestConfig): Promise<unknown> =>
      framed({ ...given, method: name, url, data });
    Object.assign(instance, { [name]: work });
  }
  return Object.assign(instance, extras, {
    request: framed,
    defaults: context.defaults,
    interceptors: context.interceptors,
    create: (overrides: CreateAxiosDefaults = {}) =>
      createFramedInstance(axios.mergeConfig(config, overrides as AxiosRequestConfig), frame, extras),
  }) as unknown as AxiosInstance & Extras;
}

/**
 * Beside the list of interceptors, not in it, so that whoever clears or ejects does not reach them. At both ends, as a setting of the
 * request says in which order axios goes through the list.
 *
 * @returns tells whether there are any others
 */
function frameInterceptors({ interceptors }: Pick<AxiosInstance, 'interceptors'>, frame: RequestFrame): () => boolean {
  const own = { fulfilled: frame.intercept, rejected: null, synchronous: true, runWhen: null };
  const list = interceptors.request as unknown as InterceptorList;
  const responses = interceptors.response as unknown as InterceptorList;
  const forEach = list.forEach.bind(list);
  const framedForEach = (visit: (handler: object) => void): void => {
    visit(own);
    forEach(visit);
    visit(own);
  };
  Object.defineProperty(list, 'forEach', { value: framedForEach });
  // Another list in its place would not be framed.
  Object.freeze(interceptors);
  return () => {
    let count = 0;
    const visit = (): void => {
      count += 1;
    };
    forEach(visit);
    responses.forEach(visit);
    return count > 0;
  };
}

interface InterceptorList {
  forEach(visit: (handler: object) => void): void;
}
