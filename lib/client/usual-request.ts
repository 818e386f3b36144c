import axios, {
  AxiosHeaders,
  type AxiosAdapter,
  type AxiosRequestHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';

/** Sends a request as axios would; undefined where it has to be left to axios. */
export type UsualRequest = (
  defaults: AxiosRequestConfig,
  given: AxiosRequestConfig,
) => Promise<AxiosResponse> | undefined;

// What follows is what this version does. With another one everything is left to axios, until they have been compared.
const COMPARED_WITH = '1.21.1';

const GIVEN: ReadonlySet<string> = new Set(['url', 'method', 'data', 'headers', 'signal', 'timeout']);
const [TRANSFORM_REQUEST] = listOf(axios.defaults.transformRequest);
const [TRANSFORM_RESPONSE] = listOf(axios.defaults.transformResponse);
const GROUPS: ReadonlySet<string> = new Set(Object.keys(axios.defaults.headers));
const FORM_BY_DEFAULT: ReadonlySet<string> = new Set(['post', 'put', 'patch']);

type Transform = (this: object, data: unknown, headers: object, status?: number) => unknown;

/**
 * Makes a short way through axios, for the many requests that use nothing of it but its defaults: no other transforms, settings
 * or kinds of data. Its own way merges configs and headers in several rounds, which costs as much as the sending.
 *
 * @param adapter - the client's; a request that has another is left to axios
 * @param version - of axios
 */
export function createUsualRequest(adapter: AxiosAdapter, version: string = axios.VERSION): UsualRequest {
  if (version !== COMPARED_WITH) return () => undefined;
  return (defaults, anybodys) => {
    // Without a prototype: what somebody's Object.prototype holds was not given.
    const given = Object.assign(Object.create(null) as AxiosRequestConfig, anybodys);
    const config = isUsual(defaults, given, adapter) ? mergedConfig(defaults, given) : undefined;
    return config === undefined ? undefined : exchange(config, adapter);
  };
}

/** Whether it uses nothing but what is done here too. */
function isUsual(defaults: AxiosRequestConfig, given: AxiosRequestConfig, adapter: AxiosAdapter): boolean {
  for (const name of Object.keys(given)) if (!GIVEN.has(name)) return false;
  const { url, method, headers, signal } = given;
  const data: unknown = given.data;
  return (
    typeof url === 'string' &&
    (method === undefined || typeof method === 'string') &&
    (data === undefined || typeof data === 'string' || Buffer.isBuffer(data)) &&
    (headers === undefined || isPlainObject(headers)) &&
    signal?.aborted !== true &&
    defaults.adapter === adapter &&
    isOnly(defaults.transformRequest, TRANSFORM_REQUEST) &&
    isOnly(defaults.transformResponse, TRANSFORM_RESPONSE) &&
    defaults.responseType === undefined &&
    defaults.data === undefined &&
    defaults.cancelToken === undefined &&
    isPlainObject(defaults.headers)
  );
}

/** As `axios.mergeConfig` and what its `request` does afterwards; undefined where something is not as usual. */
function mergedConfig(defaults: AxiosRequestConfig, given: AxiosRequestConfig): InternalAxiosRequestConfig | undefined {
  const config = Object.create(null) as InternalAxiosRequestConfig & Record<string, unknown>;
  for (const [name, value] of Object.entries(defaults)) {
    if (value === undefined || name === 'headers') continue;
    if (!KNOWN_DEFAULTS.has(name)) return undefined;
    config[name] = copyOf(value);
  }
  const method = (given.method ?? 'get').toLowerCase();
  const headers = mergedHeaders(defaults.headers as Record<string, unknown>, given.headers, method);
  if (headers === undefined) return undefined;
  config.headers = headers;
  config.url = given.url as string;
  config.method = method;
  if (given.data !== undefined) config.data = given.data as unknown;
  if (given.signal !== undefined) config.signal = given.signal;
  if (given.timeout !== undefined) config.timeout = given.timeout;
  config.allowAbsoluteUrls ??= true;
  return config;
}

const KNOWN_DEFAULTS: ReadonlySet<string> = new Set([...Object.keys(axios.defaults), 'baseURL', 'allowAbsoluteUrls']);

function mergedHeaders(
  defaults: Record<string, unknown>,
  given: AxiosRequestConfig['headers'],
  method: string,
): AxiosRequestHeaders | undefined {
  const headers: AxiosRequestHeaders = new AxiosHeaders();
  for (const name of ['common', method]) {
    if (!Object.hasOwn(defaults, name)) continue;
    const group = defaults[name];
    if (!isPlainObject(group)) return undefined;
    headers.set(group as Record<string, string>);
  }
  for (const name of Object.keys(defaults)) if (!GROUPS.has(name)) return undefined;
  for (const name of Object.keys(given ?? {})) if (GROUPS.has(name)) return undefined;
  return given === undefined ? headers : headers.set(given as Record<string, string>);
}

/** As axios' `dispatchRequest`. */
async function exchange(config: InternalAxiosRequestConfig, adapter: AxiosAdapter): Promise<AxiosResponse> {
  config.data = Reflect.apply(TRANSFORM_REQUEST as Transform, config, [config.data, config.headers]);
  if (FORM_BY_DEFAULT.has(config.method as string)) {
    config.headers.setContentType('application/x-www-form-urlencoded', false);
  }
  const began = performance.now();
  const finish = (response: AxiosResponse): void => {
    Object.assign(response, { duration: Math.max(0, Math.round(performance.now() - began)) });
    const { headers, status } = response;
    const data: unknown = response.data;
    response.data = Reflect.apply(TRANSFORM_RESPONSE as Transform, config, [data, headers, status]);
  };
  try {
    const response = await adapter(config);
    throwIfAborted(config);
    finish(response);
    return response;
  } catch (error) {
    const { response } = error as { response?: AxiosResponse };
    if (!axios.isCancel(error)) {
      throwIfAborted(config);
      if (response !== undefined) finish(response);
    }
    throw error;
  }
}

function throwIfAborted(config: InternalAxiosRequestConfig): void {
  if (config.signal?.aborted === true) throw new axios.CanceledError(undefined, config);
}

/** One level of it, which is all that axios' defaults have. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return isPlainObject(value) ? { ...(value as object) } : value;
}

function isOnly(transforms: unknown, expected: unknown): boolean {
  return Array.isArray(transforms) && transforms.length === 1 && transforms[0] === expected;
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function listOf(value: unknown): readonly unknown[] {
  return [value].flat();
}
