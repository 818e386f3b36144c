/** What is asked of a tenant's data. */
export type TenantAction = 'preview' | 'erase' | 'progress';

/** A request that is for the router. */
export interface TenantRoute {
  readonly action: TenantAction;
  /** What the audit line shows. */
  readonly pattern: string;
  /** What the audit line shows: decoded, or as it came where it cannot be. */
  readonly params: Readonly<Record<string, string>>;
  /** Whether the path could be decoded. */
  readonly isReadable: boolean;
}

// The paths of lib/shared/tenant-data.ts, and where a deletion is that goes on.
const ROUTES: readonly { readonly method: string; readonly action: TenantAction; readonly pattern: string }[] = [
  { method: 'GET', action: 'preview', pattern: '/tenant/:tenantId/deletion-preview' },
  { method: 'DELETE', action: 'erase', pattern: '/tenant/:tenantId' },
  { method: 'GET', action: 'progress', pattern: '/tenant/:tenantId/deletions/:key' },
];

const COMPILED = ROUTES.map((route) => ({
  ...route,
  expression: new RegExp(`^${route.pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}));

/**
 * Finds the route of a request.
 *
 * Done here, not by an Express router: Express refuses a path that it cannot decode before any guard has seen it, and only its types are
 * used in this package.
 *
 * @param method - HEAD counts as GET
 * @param path - below the mount, without a query
 * @returns undefined where the request is somebody else's
 */
export function matchTenantRoute(method: string, path: string): TenantRoute | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  for (const { method: known, action, pattern, expression } of COMPILED) {
    const groups = asked === known ? expression.exec(path)?.groups : undefined;
    if (groups !== undefined) return { action, pattern, ...decode(groups) };
  }
  return undefined;
}

function decode(params: Readonly<Record<string, string>>): Pick<TenantRoute, 'params' | 'isReadable'> {
  try {
    const entries = Object.entries(params).map(([name, text]) => [name, decodeURIComponent(text)]);
    return { params: Object.fromEntries(entries) as Record<string, string>, isReadable: true };
  } catch {
    return { params: { ...params }, isReadable: false };
  }
}
