/** Variables by which a developer's environment could change what the tests and the examples see. */
export const FOREIGN_SETTINGS: readonly string[] = [
  'JWT_SECRET_KEY',
  'JWT_SECRET_KEY_PREVIOUS',
  'JWT_ALGORITHM',
  'GATEWAY_ASSERTION_KEY',
  'SERVICE_NAME',
  'SERVICE_TOKEN',
  'SERVICE_TOKEN_FILE',
  'REDIS_URL',
  'NODE_ENV',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
];
