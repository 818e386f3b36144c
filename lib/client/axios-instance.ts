import axios, { type AxiosInstance, type AxiosRequestConfig, type CreateAxiosDefaults } from 'axios';

type Request = (configOrUrl?: string | AxiosRequestConfig, config?: AxiosRequestConfig) => Promise<unknown>;

/** What stands before and behind every request of an instance, outside of all interceptors. */
export interface RequestFrame {
  /** Sees what was given, as it was given: axios changes header values when it merges them. */
  before(defaults: AxiosRequestConfig, given: AxiosRequestConfig): void;
  /** Turns what a request was rejected with into what users get. */
  failure(error: unknown, defaults: AxiosRequestConfig, given: AxiosRequestConfig): unknown;
}

/**
 * Makes an axios instance as `axios.create` does, with a frame around `request`, through which every method of an instance
 * goes. `create()` of the instance makes others with the same frame.
 */
export function createFramedInstance(config: AxiosRequestConfig, frame: RequestFrame): AxiosInstance {
  const context = new axios.Axios(config);
  const request = context.request.bind(context) as Request;
  const framed: Request = async (configOrUrl, config) => {
    const given = typeof configOrUrl === 'string' ? { ...config, url: configOrUrl } : { ...configOrUrl };
    const defaults = context.defaults as AxiosRequestConfig;
    try {
      frame.before(defaults, given);
      return await request(configOrUrl, config);
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
  return Object.assign(instance, {
    request: framed,
    defaults: context.defaults,
    interceptors: context.interceptors,
    create: (overrides: CreateAxiosDefaults = {}) =>
      createFramedInstance(axios.mergeConfig(config, overrides as AxiosRequestConfig), frame),
  }) as unknown as AxiosInstance;
}
