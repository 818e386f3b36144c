/** The claims of a service token as the predecessor of this package mints it, one hour long. */
export function serviceClaims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const service = 'orders-service';
  return {
    sub: service,
    user_id: service,
    service,
    type: 'service',
    is_service: true,
    role: 'admin',
    email: `${service}@internal.service`,
    iat: now,
    exp: now + 3600,
    ...changes,
  };
}

/** The claims of a person's access token, one hour long. */
export function accessClaims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { user_id: 'u-1', email: 'ana@example.org', type: 'access', iat: now, exp: now + 3600, ...changes };
}
